import { preloadApi } from "../api.ts";
import type {
  AnyInstrumentOptions,
  AppInstrumentKind,
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  PreloadInstrument,
  PreloadSeries,
} from "../metrics-api.ts";

type Labels = Readonly<Record<string, unknown>>;

/**
 * A metric of the app, of any kind. Its instrument is created with it if the preload has
 * started, else with the first measurement after that; until then nothing is recorded. No
 * method throws.
 */
export class AppInstrument {
  readonly #kind: AppInstrumentKind;
  readonly #name: string;
  readonly #options: AnyInstrumentOptions | undefined;
  #instrument: PreloadInstrument | undefined;

  constructor(kind: AppInstrumentKind, name: string, options: AnyInstrumentOptions | undefined) {
    this.#kind = kind;
    this.#name = name;
    this.#options = options;
    this.#instrument = this.#create();
  }

  add(value: number, labels?: Labels): void {
    try {
      (this.#instrument ??= this.#create())?.add(value, labels);
    } catch {
      // Labels that throw when they are read.
    }
  }

  record(value: number, labels?: Labels): void {
    try {
      (this.#instrument ??= this.#create())?.record(value, labels);
    } catch {
      // Labels that throw when they are read.
    }
  }

  startTimer(labels?: Labels): (more?: Labels) => number {
    const startedAt = performance.now();
    return (more) => {
      const seconds = (performance.now() - startedAt) / 1000;
      this.record(seconds, more === undefined ? labels : { ...labels, ...more });
      return seconds;
    };
  }

  bind(labels?: Labels): BoundCounter & BoundGauge & BoundHistogram {
    const copy = copyOf(labels);
    return new AppSeries(() => {
      try {
        return (this.#instrument ??= this.#create())?.bind(copy);
      } catch {
        return undefined;
      }
    });
  }

  #create(): PreloadInstrument | undefined {
    try {
      return preloadApi()?.instruments?.().create(this.#kind, this.#name, this.#options);
    } catch {
      return undefined;
    }
  }
}

function copyOf(labels: Labels | undefined): Labels {
  try {
    return { ...labels };
  } catch {
    // Labels that throw when they are read.
    return {};
  }
}

/** One series of a metric of the app. No method throws. */
class AppSeries implements BoundCounter, BoundGauge, BoundHistogram {
  readonly #bind: () => PreloadSeries | undefined;
  #series: PreloadSeries | undefined;

  constructor(bind: () => PreloadSeries | undefined) {
    this.#bind = bind;
    this.#series = bind();
  }

  add(value: number): void {
    (this.#series ??= this.#bind())?.add(value);
  }

  record(value: number): void {
    (this.#series ??= this.#bind())?.record(value);
  }

  startTimer(): () => number {
    const startedAt = performance.now();
    return () => {
      const seconds = (performance.now() - startedAt) / 1000;
      this.record(seconds);
      return seconds;
    };
  }
}
