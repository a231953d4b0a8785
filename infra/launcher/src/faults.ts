// By shape and not by class: a fault may come from another realm (a VM context has an Error of its own).

/** The system's name of a fault (`ENOENT`), where it has one. */
export function codeOf(error: unknown): string | undefined {
  return isObject(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a fault says of itself. */
export function messageOf(error: unknown): string {
  return isObject(error) && 'message' in error && typeof error.message === 'string' ? error.message : String(error);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
