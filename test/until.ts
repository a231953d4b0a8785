/** Resolves when a fact holds that nothing announces. The test's own time limit bounds it. */
export async function until(fact: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 15));
}
