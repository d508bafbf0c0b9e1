/**
 * The floor under a press: a bare broker that commits one row and answers.
 *
 * Started as a process of its own, so that broker and client do not share an event loop; it tells
 * its port through the channel. No TLS, no signature, no chain, no incident: what is left when
 * nothing is.
 */
import { DatabaseSync } from "node:sqlite";
import { createServer, type AddressInfo } from "node:net";
import { Aedes, type PublishPacket } from "aedes";

const [file = ""] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE row (body BLOB)");
const insert = database.prepare("INSERT INTO row (body) VALUES (?)");

const broker = await Aedes.createBroker();
broker.authorizePublish = (_client, packet, done) => {
  if (packet.topic === "up") {
    insert.run(packet.payload as Uint8Array);
    broker.publish(answer(packet), () => undefined);
  }
  done(null);
};

function answer(packet: PublishPacket): PublishPacket {
  return {
    cmd: "publish",
    topic: "down",
    payload: packet.payload,
    qos: 0,
    retain: false,
    dup: false,
  };
}

const server = createServer({ noDelay: true }, broker.handle);
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
