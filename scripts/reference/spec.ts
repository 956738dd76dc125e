import { stringify } from 'yaml';
import { z } from 'zod';
import { NodePrepDocument } from '../../src/api/spec/nodeprep.ts';
import { presets } from '../../src/api/spec/presets.ts';
import { markdownTable } from './table.ts';

/** The part of JSON Schema that the document uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly maxLength?: number;
  readonly maxItems?: number;
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.type === 'object' && schema.properties === undefined && typeof schema.additionalProperties === 'object')
    return `map to ${typeOf(schema.additionalProperties)}`;
  return schema.type ?? 'anything';
}

function limitsOf(schema: Schema): string {
  if (schema.maxLength !== undefined) return `at most ${schema.maxLength} characters`;
  if (schema.maxItems !== undefined) return `at most ${schema.maxItems} entries`;
  return '';
}

function rowsOf(schema: Schema, path: string): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const inner = field.type === 'array' && field.items?.properties !== undefined ? field.items : field;
    const label = inner === field ? at : `${at}[]`;
    // An example that spells out an object says less than the rows of its fields.
    const examples = (field.examples ?? [])
      .filter((one) => typeof one !== 'object')
      .map((one) => `\`${JSON.stringify(one)}\``);
    const example = examples.length === 0 ? '' : `For example ${examples.join(', ')}.`;
    const text = [field.description ?? '', example].filter((part) => part !== '').join(' ');
    const required = schema.required?.includes(name) === true ? 'yes' : '';
    const row = [
      `\`${label}\``,
      typeOf(field),
      required,
      field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``,
      limitsOf(field),
      text,
    ];
    return [row, ...rowsOf(inner, label)];
  });
}

const FIELD_COLUMNS = ['Field', 'Type', 'Required', 'Default', 'Limit', 'Meaning'] as const;

/** Every field of the document: its columns, with code between backticks. */
export function documentFields(): readonly (readonly string[])[] {
  return rowsOf(z.toJSONSchema(NodePrepDocument, { io: 'input' }) as Schema, '');
}

/** An example of a document. */
export const EXAMPLE = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
    - name: net.core.somaxconn
      value: 4096
      match: AtLeast`;

/** Every field of the document, with type, default and limits. */
export function specReference(): string {
  const profiles = Object.entries(presets).map(
    ([name, preset]) =>
      `### ${name}\n\n\`\`\`yaml\n${stringify(preset, { aliasDuplicateObjects: false }).trim()}\n\`\`\``,
  );
  return `# The NodePrep document

Written to \`/etc/nodeprep/nodeprep.yaml\` and \`/etc/nodeprep/nodeprep.d/*.yaml\`, or given with \`--file\`. \`nodeprep validate\`
checks it. An area that is absent is not managed. Unknown fields are errors.

\`\`\`yaml
${EXAMPLE}
\`\`\`

${markdownTable(FIELD_COLUMNS, documentFields())}

## Built-in profiles

An entry of the document with the same name replaces the entry of the profile.

${profiles.join('\n\n')}
`;
}
