import { execFile } from 'node:child_process';

/** A program run to its end, with what it said. It gets no environment but what is given here, and PATH. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const { PATH, PYTHONPATH } = process.env;
  const env = { PATH, ...(PYTHONPATH === undefined ? {} : { PYTHONPATH }), ...options.env };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: options.cwd, env, timeout: 100_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
