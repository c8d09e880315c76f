/** Where jobs must find nobody: the probe of each run knocks here. */
import { type AddressInfo, createServer } from "node:net";

/** A door of this process on the machine's loopback that says nothing. A job that finds somebody there is not cut off. */
export async function openCanary(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  server.unref();
  return (server.address() as AddressInfo).port;
}
