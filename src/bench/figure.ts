/** One measured number beside another one measured in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In the same unit; null where there is nothing sensible to compare with. */
  readonly baseline: number | null;
  /** What the baseline is. */
  readonly against: string;
  /** Whether a larger value is better. */
  readonly better: 'higher' | 'lower';
  /** What else was seen, for people. */
  readonly notes?: readonly string[];
}

/** What is measured together, because it shares its preparation. */
export interface Group {
  /** Of the figures that it yields; some only with `large`, or with a prover that is configured. */
  readonly names: readonly string[];
  measure(context: Context): Promise<readonly Figure[]>;
}

export interface Context {
  /** Also what takes many minutes. */
  readonly large: boolean;
  /** Whether a figure is wanted: a group may leave the others out. */
  readonly wants: (name: string) => boolean;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  /** Kept from run to run. */
  readonly cache: string;
  readonly progress: (message: string) => void;
}

export const ratioOf = ({ value, baseline }: Figure): number | null =>
  baseline === null ? null : value / baseline;

/** Three significant digits: more would pretend. */
export const rounded = (x: number): number => (Number.isInteger(x) ? x : Number(x.toPrecision(3)));
