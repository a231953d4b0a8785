/** So many at once, taken from the source as they are begun; the first error ends it when all have ended. */
export async function sideBySide<T>(
  source: AsyncGenerator<T>,
  lanes: number,
  soon: AbortSignal,
  use: (item: T) => Promise<void>,
): Promise<void> {
  let failed = false;
  const lane = async (): Promise<void> => {
    while (!soon.aborted && !failed) {
      const { done, value } = await source.next();
      if (done) return;
      try {
        await use(value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await source.return(undefined);
  const first = ends.find((end) => end.status === 'rejected');
  if (first) throw first.reason as Error;
}
