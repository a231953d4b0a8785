export default async function teardown() {
  globalThis.stopTestRedis?.();
}
