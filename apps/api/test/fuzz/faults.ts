import { fc } from '../../../../test/properties.js';
import { nastyNumbers, nastyText } from './values.js';

/** One thing in a value made another: at any depth, a value replaced, a key added or taken away. */

type Place = readonly (string | number)[];

const wrong = fc.oneof(
  fc.constantFrom<unknown>(...nastyText),
  fc.constantFrom<unknown>(...nastyNumbers),
  fc.constantFrom<unknown>(null, true, [], {}, [[]], { a: { b: [] } }),
  fc.constantFrom<unknown>(
    Array(17).fill('x'),
    Array.from({ length: 1_001 }, () => ({})),
  ),
);

export function withFault(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  const objects = places.filter((place) => isObject(at(value, place)));
  const inside = places.filter((place) => place.length > 0);
  return fc.oneof(
    ...(inside.length === 0
      ? []
      : [
          fc.tuple(fc.constantFrom(...inside), wrong).map(([place, by]) => changed(value, place, () => by)),
          fc.constantFrom(...inside).map((place) => changed(value, place, () => undefined)),
        ]),
    ...(objects.length === 0
      ? []
      : [
          fc
            .tuple(fc.constantFrom(...objects), fc.constantFrom('status', 'project', 'id', '__proto__', 'x'), wrong)
            .map(([place, key, by]) => changed(value, place, (object) => withKey(object, key, by))),
        ]),
    wrong,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function placesIn(value: unknown, here: Place = []): Place[] {
  const inside =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) =>
          placesIn(item, [...here, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  return [here, ...inside];
}

function at(value: unknown, place: Place): unknown {
  return place.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

/** A copy; what becomes undefined is not there. */
function changed(value: unknown, [key, ...rest]: Place, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, i) => (i === key ? changed(item, rest, change) : item));
    return items.filter((item) => item !== undefined);
  }
  const entries = Object.entries(value as object).map(([name, item]) => [
    name,
    name === key ? changed(item, rest, change) : (item as unknown),
  ]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as unknown;
}

/** Also where the key is one that assignment takes for something else. */
function withKey(object: unknown, key: string, value: unknown): unknown {
  return Object.fromEntries([...Object.entries(object as object), [key, value]]);
}
