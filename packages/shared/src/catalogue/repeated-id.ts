import { errorBodyOf, type ErrorBody } from '../domain/errors.js';

/** The error of a line whose `custom_id` an earlier one has, for who keeps the ids of a whole file. */
export function repeatedId(row: number, customId: string, groupBy: string | undefined): ErrorBody {
  const remedy =
    groupBy === undefined
      ? 'Name a column in it that tells rows apart, or give group_by to make one job of them.'
      : `Only consecutive rows with the same ${groupBy} make one job: sort the file by it, or skip the later rows with \`when\`.`;
  return errorBodyOf(
    'invalid_parameter',
    `Row ${row}: custom_id ${JSON.stringify(customId)} is an earlier row's. ${remedy}`,
    'custom_id',
  );
}
