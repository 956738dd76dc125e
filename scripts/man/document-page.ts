/** nodeprep.yaml(5), from the schema of the document. */
import { SPEC_DIRECTORY, SPEC_FILE } from '../../src/disk/spec-files.ts';
import { PRESET_NAMES } from '../../src/api/spec/presets.ts';
import { VERSION } from '../build/paths.ts';
import { documentFields, EXAMPLE } from '../reference/spec.ts';
import { example, item, pageHead, paragraph, section } from './roff.ts';

/** The page in the language of man(7). */
export function documentPage(): string {
  return [
    pageHead({
      name: 'nodeprep.yaml',
      section: 5,
      source: `nodeprep ${VERSION}`,
      title: 'File formats',
      is: 'what a host must be to become a Kubernetes node',
    }),
    section('SYNOPSIS', paragraph(`\`${SPEC_FILE}\`, \`${SPEC_DIRECTORY}/*.yaml\``)),
    section(
      'DESCRIPTION',
      paragraph(
        'Read at every boot and whenever it changes; `nodeprep validate` checks it and `nodeprep plan` shows what it ' +
          'would change. An area that is absent is not managed. Unknown fields are errors.',
      ),
      paragraph(`Profiles: ${PRESET_NAMES.map((name) => `\`${name}\``).join(', ')}.`),
    ),
    section('EXAMPLE', example(EXAMPLE)),
    section('FIELDS', ...documentFields().filter(isForPeople).map(fieldItem)),
    section('SEE ALSO', paragraph('`nodeprep`(8), `sysctl.d`(5), `modules-load.d`(5)')),
    '',
  ].join('\n');
}

/** What the API server writes is accepted in a file and means nothing there. */
function isForPeople([, , , , , meaning = '']: readonly string[]): boolean {
  return !meaning.includes('ignored in files');
}

function fieldItem([field = '', type = '', required = '', fallback = '', limit = '', meaning = '']: readonly string[]) {
  const shape = [type, required === '' ? '' : 'required', fallback === '' ? '' : `default ${fallback}`, limit].filter(
    (part) => part !== '',
  );
  return item(field.replaceAll('`', ''), meaning, `${shape.join('; ')}.`);
}
