import type { Adaptor } from "../../loading/adaptor.ts";
import { patchConnection, type ConnectionModule } from "./connection.ts";
import { patchIterators, type IteratorModule } from "./iterators.ts";
import { patchConsumer, patchJetStreamPublish, patchSettlements } from "./jetstream.ts";

/**
 * `nats` 2 and `@nats-io/nats-core` 3, on which `@nats-io/transport-node` is
 * built: both have the same classes. Messages of JetStream arrive by the same
 * iterators, or at a callback.
 *
 * The client's internal messages (inboxes of replies, `$JS.API…`) are left out.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const instrumenter = deps.messaging();
    const module = exports as Modules;
    if (file.file.endsWith("/nats.js")) patchConnection(module, file, instrumenter);
    else if (file.file.endsWith("/queued_iterator.js")) patchIterators(module, instrumenter);
    else if (file.file.endsWith("/jsclient.js"))
      patchJetStreamPublish(module.JetStreamClientImpl.prototype);
    else if (file.file.endsWith("/jsmsg.js")) patchSettlements(module.JsMsgImpl.prototype);
    else patchConsumer(module.PullConsumerImpl.prototype, instrumenter);
    return exports;
  },
};

/** The exports of the patched files: each has one of these classes. */
interface Modules extends ConnectionModule, IteratorModule {
  readonly JetStreamClientImpl: { readonly prototype: object };
  readonly JsMsgImpl: { readonly prototype: object };
  readonly PullConsumerImpl: { readonly prototype: object };
}
