import { errorBodyOf, type ErrorBody } from '../domain/errors.js';

/** The error of a row whose `custom_id` an earlier one has. */
export function repeatedId(row: number, customId: string, earlier: number, groupBy: string | undefined): ErrorBody {
  const remedy =
    groupBy === undefined
      ? 'Take the id from a column that differs in every row; rows of one product can be made one job (group_by).'
      : `Only consecutive rows with the same ${groupBy} make one job: sort the file by it, or skip the later rows (when).`;
  return errorBodyOf(
    'invalid_parameter',
    `Row ${row} has the same id as row ${earlier}: ${JSON.stringify(customId)}. ${remedy}`,
    'custom_id',
  );
}
