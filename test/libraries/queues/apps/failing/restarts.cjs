/**
 * A consumer that starts again after each error of its callback, which its library takes for the end
 * of the connection or of the subscription. `start` returns a function that stops it.
 */
exports.Restarts = class {
  #start;
  #started;

  constructor(start) {
    this.#start = () => start((call) => this.#run(call));
    this.#started = this.#start();
  }

  /** Resolves when it receives messages. */
  isReady() {
    return this.#started;
  }

  async close() {
    const stop = await this.#started;
    await stop();
  }

  /** Calls it without catching its error. */
  #run(call) {
    let isThrown = true;
    try {
      const result = call();
      isThrown = false;
      return result;
    } finally {
      if (isThrown) this.#started = this.#restart();
    }
  }

  async #restart() {
    const stop = await this.#started;
    await stop();
    return this.#start();
  }
};
