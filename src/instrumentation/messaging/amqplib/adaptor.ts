import type { MessagingInstrumenter } from "../../../context/messaging.ts";
import type { Adaptor, LoadedFile } from "../../loading/adaptor.ts";
import { bindArguments } from "../../loading/caller-context.ts";
import { replaceConsume } from "./consume.ts";
import { replaceSettlements } from "./pending-messages.ts";
import { patchPublish } from "./publish.ts";
import { AmqpQueueDepth } from "./queue-depth.ts";

/**
 * amqplib, with promises and with callbacks: both APIs share the classes whose
 * methods are patched.
 *
 * The unit of work of a message ends with the app's callback, or with the promise
 * that the callback returns. A callback that returns nothing may go on working
 * later: then the unit ends when the message is acknowledged or rejected, or when
 * its channel closes.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const { Channel, ConfirmChannel } = exports as Models;
    if (file.file === BASE) {
      for (const name of ["sendOrEnqueue", "pushConfirmCallback"]) {
        bindArguments(Channel.prototype, name);
      }
      return exports;
    }
    // Called back after the broker's response: with the message, and when all is confirmed.
    if (file.file === CALLBACKS) {
      bindArguments(Channel.prototype, "get");
      bindArguments(ConfirmChannel.prototype, "waitForConfirms");
    }
    const instrumenter = deps.messaging();
    const depth = depthOf(file, instrumenter);
    patchPublish(Channel.prototype, ConfirmChannel.prototype, instrumenter);
    replaceConsume(Channel.prototype, instrumenter, depth);
    replaceSettlements(Channel.prototype);
    return exports;
  },
};

/** The base class of all channels, and the channels of the callback API. */
const BASE = "lib/channel.js";
const CALLBACKS = "lib/callback_model.js";

interface Models {
  readonly Channel: { readonly prototype: object };
  readonly ConfirmChannel: { readonly prototype: object };
}

/** One queue depth for both APIs of one copy of the library, by its directory. */
const depths = new Map<string, AmqpQueueDepth>();

function depthOf({ directory }: LoadedFile, instrumenter: MessagingInstrumenter): AmqpQueueDepth {
  const known = depths.get(directory);
  if (known !== undefined) return known;
  const depth = new AmqpQueueDepth(directory);
  depths.set(directory, depth);
  instrumenter.observeBacklog(() => depth.count());
  return depth;
}
