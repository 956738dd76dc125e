package main

// Validating admission policies, judged by the plug-in that kube-apiserver judges them with. No other plug-in runs.
import (
	"reflect"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	policy "k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

func init() {
	applyAdmission = func(cfg *genericapiserver.RecommendedConfig) error {
		client, err := kubernetes.NewForConfig(cfg.LoopbackClientConfig)
		if err != nil {
			return err
		}
		dynamicClient, err := dynamic.NewForConfig(cfg.LoopbackClientConfig)
		if err != nil {
			return err
		}
		cfg.SharedInformerFactory = informers.NewSharedInformerFactory(client, 10*time.Minute)
		o := options.NewAdmissionOptions()
		for _, name := range o.RecommendedPluginOrder {
			if name != policy.PluginName {
				o.DisablePlugins = append(o.DisablePlugins, name)
			}
		}
		return o.ApplyTo(&cfg.Config, cfg.SharedInformerFactory, client, dynamicClient, utilfeature.DefaultFeatureGate, cfg.EffectiveVersion)
	}
}

// A policy sees an object in the version that it names. Our kinds are their own internal version, so that this is a copy.
func addCopyConversion(scheme *runtime.Scheme, o runtime.Object) error {
	return scheme.AddConversionFunc(o, o, func(from, to interface{}, _ conversion.Scope) error {
		reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from.(runtime.Object).DeepCopyObject()).Elem())
		return nil
	})
}

// The defaults without which the plug-in refuses a policy; kube-apiserver sets them when it decodes one.
func setDefaults(o runtime.Object) {
	p, ok := o.(*admission.ValidatingAdmissionPolicy)
	if !ok || p.Spec.MatchConstraints == nil {
		return
	}
	if p.Spec.MatchConstraints.NamespaceSelector == nil {
		p.Spec.MatchConstraints.NamespaceSelector = &metav1.LabelSelector{}
	}
	if p.Spec.MatchConstraints.ObjectSelector == nil {
		p.Spec.MatchConstraints.ObjectSelector = &metav1.LabelSelector{}
	}
}
