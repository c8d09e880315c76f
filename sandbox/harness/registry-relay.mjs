// Runs inside the sandbox, where the only network is loopback: passes connections of 127.0.0.1:<port> on to the gate's socket.
// Usage: node registry-relay.mjs <socket> <port>. Prints "ready" once it listens.
import { connect, createServer } from "node:net";

const [socket, port] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (client) => {
  const gate = connect({ path: socket, allowHalfOpen: true });
  // Whichever side breaks, the other is closed: the package manager sees a lost connection and retries by its own rules.
  client.on("error", () => gate.destroy());
  gate.on("error", () => client.destroy());
  client.pipe(gate);
  gate.pipe(client);
});

server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
