// How the benchmark talks to a peer: it says ready, is sent orders, and answers each with what failed.

export function onOrders(work) {
  if (!process.send) throw new Error('started by bench/run.mjs, which tells what to render: see bench/README.md');
  process.on('message', (order) => {
    work(order).then(
      (failures) => process.send({ done: true, failures }),
      (error) => process.send({ done: true, failures: [String(error)] }),
    );
  });
  // By exit(), so that a profiler can write what it has.
  for (const end of ['disconnect', 'SIGTERM']) process.once(end, () => process.exit());
  process.send({ ready: true });
}
