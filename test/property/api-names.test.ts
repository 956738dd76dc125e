import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidNameError } from '../../src/api/yaml/errors.ts';
import { canonicalModule, parameterNameProblem, parameterValueProblem } from '../../src/api/names/module-names.ts';
import { canonicalSysctl, sysctlPath } from '../../src/api/names/sysctl-names.ts';
import { namePart, sysctlName } from '../support/spec-source.ts';

/** Names made of the pieces that matter: separators, dots, option signs and everything else now and then. */
const hostileName = fc
  .array(
    fc.oneof(
      fc.constantFrom('.', '/', '..', '-', '_', 'a', 'eth0', 'net', 'ipv4', '*', ' ', '\n', '\0', '='),
      fc.string({ maxLength: 3, unit: 'binary' }),
    ),
    {
      maxLength: 10,
    },
  )
  .map((parts) => parts.join(''));

function canonicalOrRefused(canonical: (name: string) => string, name: string): string | undefined {
  try {
    return canonical(name);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidNameError);
    return undefined;
  }
}

describe('names', { timeout: 30_000 }, () => {
  it('of kernel parameters have one canonical form, which is stable', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, sysctlName), (name) => {
        const canonical = canonicalOrRefused(canonicalSysctl, name);
        fc.pre(canonical !== undefined);
        expect(canonicalSysctl(canonical)).toBe(canonical);
        expect(sysctlPath(canonical)).toBe(sysctlPath(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('of kernel parameters that are accepted stay below /proc/sys and cannot be an option, a comment or a second line', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, fc.string({ unit: 'binary' })), (name) => {
        const canonical = canonicalOrRefused(canonicalSysctl, name);
        if (canonical === undefined) return;
        const path = sysctlPath(canonical);
        expect(new URL(`file://${path}`).pathname).toBe(path);
        expect(path).toMatch(/^\/proc\/sys\/[^/]+\/.*[^/]$/);
        expect(canonical).toMatch(/^[^-#;][\x21-\x7e]*$/);
        expect(canonical).not.toMatch(/[=*?[\]{}"'\\$`]/);
      }),
      { numRuns: 3000 },
    );
  });

  it('of kernel parameters mean the same with dots and with slashes', () => {
    fc.assert(
      fc.property(fc.array(namePart, { minLength: 2, maxLength: 6 }), (parts) => {
        expect(canonicalSysctl(parts.join('/'))).toBe(canonicalSysctl(parts.join('.')));
      }),
    );
  });

  it('of kernel parameters keep a dotted interface name in both spellings', () => {
    fc.assert(
      fc.property(namePart, fc.nat(4094), (name, vlan) => {
        const slashes = `net/ipv4/conf/${name}.${vlan}/forwarding`;
        const dots = `net.ipv4.conf.${name}/${vlan}.forwarding`;
        expect(canonicalSysctl(dots)).toBe(slashes);
        expect(canonicalSysctl(slashes)).toBe(slashes);
      }),
    );
  });

  it('of modules that are accepted are single words that no program takes for an option or a path', () => {
    fc.assert(
      fc.property(fc.oneof(hostileName, fc.string({ unit: 'binary' })), (name) => {
        const canonical = canonicalOrRefused(canonicalModule, name);
        if (canonical === undefined) return;
        expect(canonical).toMatch(/^\w{1,55}$/);
        expect(canonicalModule(canonical)).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('and values of module parameters stay inside one line and one pair of quotes', () => {
    fc.assert(
      fc.property(hostileName, fc.string({ unit: 'binary' }), (name, value) => {
        expect(parameterNameProblem(name) === undefined).toBe(/^\w{1,128}$/.test(name));
        const accepted = parameterValueProblem(value) === undefined;
        expect(accepted && /["'\\\n\r\0]/.test(value)).toBe(false);
      }),
    );
  });
});
