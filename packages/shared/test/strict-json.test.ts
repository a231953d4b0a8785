import { describe, expect, test } from '@jest/globals';
import { fc } from '../../../test/properties.js';
import { jsonFault } from '@rendermill/shared/domain/strict-json';

/** What is valid JSON and yet nothing that anybody can have meant. */

describe('a JSON text', () => {
  test('of any value that we would take has no fault, however it is spaced', () => {
    const key = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 14 },
        fc.string({ unit: 'binary' }),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
        fc.constantFrom(null, true, false, 0, -0, ''),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom('', ' ', '\n\t'), (one, space) => {
        expect(jsonFault(JSON.stringify(one, null, space))).toBeNull();
      }),
    );
  });

  test('with any one of its keys twice is found out, where that key stands', () => {
    const keys = fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(keys, fc.nat(), fc.boolean(), (names, pick, escaped) => {
        const twice = names[pick % names.length] ?? '';
        fc.pre(!names.includes('__proto__'));
        const again = escaped
          ? `"${[...Array(twice.length).keys()].map((i) => `\\u${twice.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
          : JSON.stringify(twice);
        const text = `{"outer":[7,{${[...names.map((name) => JSON.stringify(name)), again].map((name) => `${name}:"}{"`).join(',')}}]}`;
        expect(JSON.parse(text)).toBeTruthy();
        expect(jsonFault(text)).toMatchObject({ code: 'duplicate_key', path: ['outer', '1', twice.slice(0, 64)] });
      }),
    );
  });

  test.each([
    ['a key twice', '{"a":{"b":1,"b":2}}', 'duplicate_key', 'a.b'],
    ['a key twice, once in an escape', '{"a":1,"\\u0061":2}', 'duplicate_key', 'a'],
    ['an empty key twice', '{"":1,"":2}', 'duplicate_key', ''],
    ['__proto__', '[[1],{"__proto__":{}}]', 'forbidden_key', '1.__proto__'],
    ['constructor.prototype', '{"constructor":{"a":1,"prototype":{}}}', 'forbidden_key', 'constructor.prototype'],
    ['17 levels', `${'['.repeat(17)}${']'.repeat(17)}`, 'too_deep', Array(16).fill(0).join('.')],
    ['1001 elements', `{"a":[${'0,'.repeat(1_000)}0]}`, 'array_too_long', 'a'],
    ['a number that would be infinite', '{"a":[1,-1e309]}', 'number_out_of_range', 'a.1'],
    ['2^53', '{"a":9007199254740992}', 'number_out_of_range', 'a'],
    ['a number that would be rounded', '9007199254740993', 'number_out_of_range', ''],
    ['half a pair in a value', '{"a":["x\\ud83d"]}', 'invalid_parameter', 'a.0'],
    ['half a pair in a key', '{"\\udc00":1}', 'invalid_parameter', '\udc00'],
  ])('with %s is refused, and says where', (_what, text, code, where) => {
    const fault = jsonFault(text);
    expect([fault?.code, fault?.path.join('.')]).toEqual([code, where]);
  });

  test.each([
    ['the same key in two objects', '{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":2}]}'],
    ['keys that look like structure', '{"a\\"":1,"{":2,",":3,"a\\\\":4,":":5}'],
    ['names that JavaScript knows', '{"constructor":"x","prototype":1,"toString":{}}'],
    ['a pair in escapes', '{"a":"\\ud83d\\ude00 \\\\ud800"}'],
    ['the largest whole number, fractions and small numbers', '[9007199254740991,-0,1e-400,0.1,1.5e10,1E+2]'],
    ['1000 elements', `[${'0,'.repeat(999)}0]`],
    ['16 levels', `${'['.repeat(16)}${']'.repeat(16)}`],
  ])('with %s has none', (_what, text) => {
    expect(jsonFault(text)).toBeNull();
  });

  test('of 8 MB is read in one pass, whatever it is full of', () => {
    const half = 4 * 1024 * 1024;
    const keys = Array.from({ length: half / 12 }, (_, i) => `"k${i}":1`).join(',');
    for (const text of [
      `{${keys}}`,
      `["${'\\\\'.repeat(half)}"]`,
      `["${'\\u00e9'.repeat(half / 3)}"]`,
      ' '.repeat(2 * half),
    ])
      expect(jsonFault(text)).toBeNull();
  });
});
