-- Health of a NodePrep for Argo CD, from its conditions. Put it into the ConfigMap argocd-cm under
-- the key resource.customizations.health.nodeprep.dev_NodePrep (docs/gitops.md).
local health = { status = "Progressing", message = "The agent of this node has not reported yet." }
if obj.status == nil or obj.status.conditions == nil then
  return health
end
local generation = obj.metadata.generation
if generation ~= nil and obj.status.observedGeneration ~= generation then
  health.message = "The agent has not seen the newest spec yet."
  return health
end
local found = {}
for _, condition in ipairs(obj.status.conditions) do
  found[condition.type] = condition
end
local ready = found["Ready"]
if ready == nil then
  return health
end
health.message = ready.message
-- A person asked for these: nothing is wrong, and nothing will change by waiting.
if ready.reason == "Paused" or ready.reason == "Auditing" then
  health.status = "Suspended"
elseif ready.status == "True" then
  health.status = "Healthy"
-- A host that waits for its reboot is not repaired by a rollback in Git.
elseif ready.reason == "RebootRequired" then
  health.status = "Suspended"
elseif found["Degraded"] ~= nil and found["Degraded"].status == "True" then
  health.status = "Degraded"
  health.message = found["Degraded"].message
elseif found["Conflicting"] ~= nil and found["Conflicting"].status == "True" then
  health.status = "Degraded"
  health.message = found["Conflicting"].message
end
return health
