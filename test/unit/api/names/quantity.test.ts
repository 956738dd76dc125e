import { describe, expect, it } from 'vitest';
import { parseQuantity, QuantityError, renderQuantity } from '../../../../src/api/names/quantity.ts';

describe('parseQuantity', () => {
  it.each([
    ['0', 0],
    ['134217728', 134_217_728],
    ['128Mi', 134_217_728],
    ['1Gi', 1_073_741_824],
    ['1.5Gi', 1_610_612_736],
    ['500M', 500_000_000],
    ['1k', 1000],
    ['1e9', 1_000_000_000],
    ['1E9', 1_000_000_000],
    ['1.5e3', 1500],
    ['1000e-3', 1],
    ['+1Ki', 1024],
    ['.5Ki', 512],
    ['1.', 1],
    ['0.1k', 100],
    ['8Pi', 2 ** 53],
  ])('reads %s as Kubernetes does', (text, bytes) => {
    if (bytes > Number.MAX_SAFE_INTEGER) expect(() => parseQuantity(text)).toThrow(QuantityError);
    else expect(parseQuantity(text)).toBe(bytes);
  });

  it.each([
    ['', 'is not a quantity'],
    ['.', 'is not a quantity'],
    ['Mi', 'is not a quantity'],
    ['-1', 'negative'],
    ['-1Gi', 'negative'],
    ['1 Gi', 'is not a quantity'],
    ['1GB', 'did you mean "G"'],
    ['128mi', 'did you mean "Mi"'],
    ['128MiB', 'is not a quantity'],
    ['100m', 'thousandths'],
    ['0x10', 'is not a quantity'],
    ['1,5Gi', 'is not a quantity'],
    ['NaN', 'is not a quantity'],
    ['0.5', 'not a whole number of bytes'],
    ['0.3Ki', 'not a whole number of bytes'],
    ['1e-1', 'not a whole number of bytes'],
    ['9007199254740992', 'too large'],
    ['1e99', 'too large'],
    ['9Ei', 'too large'],
    ['1'.repeat(33), '33 characters'],
    ['1\n', 'is not a quantity'],
  ])('refuses %j', (text, why) => {
    expect(() => parseQuantity(text)).toThrow(QuantityError);
    expect(() => parseQuantity(text)).toThrow(why);
  });
});

describe('renderQuantity', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [1024, '1Ki'],
    [134_217_728, '128Mi'],
    [1_610_612_736, '1536Mi'],
    [1_000_000_000, '1000000000'],
  ])('writes %d in the shortest exact form', (bytes, text) => {
    expect(renderQuantity(bytes)).toBe(text);
  });
});
