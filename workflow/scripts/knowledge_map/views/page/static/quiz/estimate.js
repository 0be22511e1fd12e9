// What a person knows, estimated over the plane from the questions answered so far. Numbers only: nothing here knows the page.
//
// The model. Knowledge is a smooth surface f with a Gaussian process prior: a general level that holds everywhere, plus a part
// that resembles itself over about a length scale (squared exponential covariance). Together they have variance 1, so that the
// share known at a place, Phi(f), is before any answer as likely to be small as large. Who knows an answer is right; who does
// not guesses one of the options. So a question of difficulty b with n options is answered rightly with probability
// 1/n + (1 - 1/n) Phi(f - b), the three-parameter normal ogive of test theory (Birnbaum, in Lord & Novick 1968, chapter 17).
// A wrong answer and "I don't know" say the same: that it was not known.
//
// The computation. The covariance is a sum of equispaced Fourier modes (Greengard, Rachh & Barnett 2022, arXiv:2210.10210), so
// that work grows with the number of answers and not with its cube. Expectation propagation (Minka 2001; Rasmussen & Williams
// 2006, section 3.6) puts a Gaussian in the place of each answer; the moments that it needs have a closed form here.

/** Return the chance that a standard normal number is below `z`, to a relative 2e-7 (erfcc of Press et al., Numerical Recipes). */
function normalBelow(z) {
  const SERIES = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const x = Math.abs(z) / Math.SQRT2, t = 1 / (1 + x / 2);
  const tail = 0.5 * t * Math.exp(SERIES.reduceRight((sum, term) => term + t * sum, 0) - x * x);
  return z < 0 ? tail : 1 - tail;
}

const dot = (a, b) => {
  let sum = 0;
  for (let p = 0; p < a.length; p++) sum += a[p] * b[p];
  return sum;
};

/** Return a symmetric matrix, by rows, times a vector; a row at a time, so that no sum waits for the one before it. */
function multiplied(matrix, vector) {
  const size = vector.length, out = new Float64Array(size);
  for (let p = 0, at = 0; p < size; p++) {
    const factor = vector[p];
    for (let q = 0; q < size; q++, at++) out[q] += matrix[at] * factor;
  }
  return out;
}

class Knowledge {
  static REACH = 2.5; // length scales around the questions within which there is an estimate
  static CUTOFF = 3.3; // of frequency times length scale; the modes beyond hold exp(-3.3^2 / 2) = 0.4 % of the variance
  static SETTLED = 5e-3; // an answer that would change by less (a precision, in units of 1 / variance) is settled
  static MANY = 300; // of more answers than these, only those within three length scales of a change are weighed again
  static ROUNDS = 20; // after so many rounds answers are left as they are

  #origin; #period; #degree; #modes; #mean; #covariance; #interest;
  #answers = new Map();

  /**
   * `box` [left, right, bottom, top] holds all questions; `lengthScale` is in units of the map; `general` is the general
   * level's share of the variance, from 0 to 1.
   */
  constructor([left, right, bottom, top], lengthScale, general) {
    const reach = Knowledge.REACH * lengthScale;
    this.lengthScale = lengthScale;
    this.box = [left - reach, right + reach, bottom - reach, top + reach];
    this.general = general;
    this.#origin = [left, bottom];
    // The modes repeat after a period: three length scales beyond the farthest place that may be asked about.
    this.#period = [right - left, top - bottom].map((side) => side + reach + 3 * lengthScale);
    this.#degree = this.#period.map((period) => Math.floor((Knowledge.CUTOFF * period) / (2 * Math.PI * lengthScale)));
    this.#modes = this.#chooseModes();
    this.clear();
  }

  /** Return the modes: the number of a function of x and of one of y (1, cos, sin, cos 2, sin 2, ...), and their standard deviation. */
  #chooseModes() {
    const frequency = (at, axis) => (2 * Math.PI * Math.ceil(at / 2) * this.lengthScale) / this.#period[axis];
    const modes = [];
    for (let a = 0; a <= 2 * this.#degree[0]; a++) {
      for (let b = 0; b <= 2 * this.#degree[1]; b++) {
        const square = frequency(a, 0) ** 2 + frequency(b, 1) ** 2;
        if (square <= Knowledge.CUTOFF ** 2) modes.push({ a, b, share: Math.exp(-square / 2) });
      }
    }
    const total = modes.reduce((sum, { share }) => sum + share, 0);
    // Of the two functions of a frequency the squares sum to 1, so each has twice its share of the variance.
    const variance = ({ a, b, share }) => ((1 - this.general) * share * (a ? 2 : 1) * (b ? 2 : 1)) / total;
    return modes.map((mode) => ({ a: mode.a, b: mode.b, deviation: Math.sqrt(variance(mode)) }));
  }

  /** Return the functions 1, cos, sin, cos 2, sin 2, ... up to `degree` at a coordinate of an axis (0 is x, 1 is y). */
  #functions(value, axis, degree) {
    const functions = new Float64Array(2 * degree + 1).fill(1);
    for (let j = 1; j <= degree; j++) {
      const angle = (2 * Math.PI * j * (value - this.#origin[axis])) / this.#period[axis];
      functions[2 * j - 1] = Math.cos(angle);
      functions[2 * j] = Math.sin(angle);
    }
    return functions;
  }

  /** Return the value of every mode at a place, the general level first: the estimate there is their product with the weights. */
  #features(x, y) {
    const u = this.#functions(x, 0, this.#degree[0]), v = this.#functions(y, 1, this.#degree[1]);
    const features = new Float64Array(this.#modes.length + 1);
    features[0] = Math.sqrt(this.general);
    this.#modes.forEach(({ a, b, deviation }, at) => { features[at + 1] = deviation * u[a] * v[b]; });
    return features;
  }

  /** Forget all answers. */
  clear() {
    const size = this.#modes.length + 1;
    this.#answers.clear();
    this.#mean = new Float64Array(size);
    this.#covariance = new Float64Array(size * size);
    for (let p = 0; p < size; p++) this.#covariance[p * (size + 1)] = 1;
  }

  /**
   * Take in answers {key, x, y, guess, difficulty, known}, each in place of a former one of its key: where the question lies,
   * the chance of guessing it, its difficulty in standard deviations of knowledge, and whether the answer was right.
   */
  learn(answers) {
    for (const { key, x, y, guess, difficulty, known } of answers) {
      this.#forget(key);
      const answer = { x, y, features: this.#features(x, y), guess, difficulty, known, precision: 0, shift: 0 };
      this.#answers.set(key, answer);
      this.#weigh(answer);
    }
    this.#settle(answers);
  }

  /** Take back the answer to a question. */
  unlearn(key) {
    const answer = this.#answers.get(key);
    this.#forget(key);
    if (answer) this.#settle([answer]);
  }

  #forget(key) {
    const answer = this.#answers.get(key);
    if (!answer) return;
    this.#answers.delete(key);
    const times = this.#times(answer.features);
    if (answer.precision * dot(times, answer.features) < 1 - 1e-6) return this.#move(answer, -answer.precision, -answer.shift, times);
    // Without it the others would not add up to an estimate, which negative precisions can bring about: begin anew with them.
    const others = [...this.#answers].map(([otherKey, other]) => ({ ...other, key: otherKey }));
    this.clear();
    this.learn(others);
  }

  /** Weigh the answers until they agree: all of them once (of many those near the one that `changed`), then again those that moved. */
  #settle(changed) {
    let unsettled = [...this.#answers.values()];
    if (unsettled.length > Knowledge.MANY && changed.length === 1) {
      const [{ x, y }] = changed;
      unsettled = unsettled.filter((answer) => Math.hypot(answer.x - x, answer.y - y) < 3 * this.lengthScale);
    }
    for (let round = 0; round < Knowledge.ROUNDS && unsettled.length; round++) {
      unsettled = unsettled.filter((answer) => this.#weigh(answer));
    }
  }

  /** Let an answer say anew what it says beside all the others; return whether that changed. */
  #weigh(answer) {
    const times = this.#times(answer.features), variance = dot(times, answer.features);
    // What the others say of this place: the estimate without this answer.
    const precision = 1 / variance - answer.precision;
    if (!(precision > 0)) return false;
    const mean = (dot(this.#mean, answer.features) / variance - answer.shift) / precision;
    const { slope, bend } = answered(answer, mean, 1 / precision)[answer.known ? "known" : "unknown"];
    // Where much speaks against it, a right answer is likelier a guess: its precision may then be negative.
    const rest = 1 - bend / precision;
    const byPrecision = bend / rest - answer.precision, byShift = (slope + mean * bend) / rest - answer.shift;
    const changes = Math.max(Math.abs(byPrecision), Math.abs(byShift)) > Knowledge.SETTLED;
    if (changes) this.#move(answer, byPrecision, byShift, times);
    return changes;
  }

  /** Change what an answer says, and the estimate with it; `times` is the covariance times its features. */
  #move(answer, byPrecision, byShift, times) {
    const size = times.length, covariance = this.#covariance;
    const whole = 1 + byPrecision * dot(times, answer.features);
    const along = (byShift - byPrecision * dot(this.#mean, answer.features)) / whole;
    for (let p = 0, at = 0; p < size; p++) {
      const factor = (byPrecision / whole) * times[p];
      for (let q = 0; q < size; q++, at++) covariance[at] -= factor * times[q];
      this.#mean[p] += along * times[p];
    }
    answer.precision += byPrecision;
    answer.shift += byShift;
  }

  /** Return the covariance of the weights times `features`. */
  #times(features) {
    return multiplied(this.#covariance, features);
  }

  /** Return the variance of the estimate where no question is near: that of the general level and all of the local part. */
  get #afar() {
    return this.general * this.#covariance[0] + 1 - this.general;
  }

  /** Return mean and variance of f as the share known, 0 to 1, and the certainty: the part of the variance that answers removed. */
  #told(mean, variance) {
    return { known: normalBelow(mean / Math.sqrt(1 + variance)), certainty: Math.max(0, Math.min(1, 1 - variance / this.#afar)), mean, variance };
  }

  /**
   * Return the estimate at a place within `box`: `known`, the chance to know the answer to a question of middle difficulty
   * there; `certainty`, from 0 (as uncertain as far from all questions) to 1; `mean` and `variance` of f.
   */
  at(x, y) {
    const features = this.#features(x, y);
    return this.#told(dot(this.#mean, features), dot(this.#times(features), features));
  }

  /**
   * Return the estimate on `columns` x `rows` places spread over `box` from corner to corner, the lowest row first:
   * {known, certainty}, Float32Array [rows * columns].
   */
  raster(columns, rows) {
    const [wide, high] = this.#degree.map((degree) => 2 * degree + 1), [wider, higher] = this.#degree.map((degree) => 4 * degree + 1);
    const modes = [{ a: 0, b: 0, deviation: Math.sqrt(this.general) }, ...this.#modes], size = modes.length;
    const mean = new Float64Array(wide * high), variance = new Float64Array(wider * higher);
    modes.forEach(({ a, b, deviation }, p) => { mean[b * wide + a] += deviation * this.#mean[p]; });
    // The variance holds products of two modes, and these are again such functions, of up to twice the degree.
    const products = productTable(Math.max(...this.#degree));
    modes.forEach((one, p) => modes.forEach((other, q) => {
      const value = one.deviation * other.deviation * this.#covariance[p * size + q];
      for (const [b, partY] of products[one.b][other.b]) {
        for (const [a, partX] of products[one.a][other.a]) variance[b * wider + a] += value * partX * partY;
      }
    }));
    const [left, right, bottom, top] = this.box;
    const rowsOf = (low, high, count, axis, degree) => Array.from({ length: count }, (_, at) =>
      this.#functions(low + ((high - low) * at) / (count - 1), axis, degree));
    const at = (coefficients, factor) => sandwiched(
      rowsOf(bottom, top, rows, 1, factor * this.#degree[1]), coefficients, rowsOf(left, right, columns, 0, factor * this.#degree[0]));
    const means = at(mean, 1), variances = at(variance, 2);
    const known = new Float32Array(columns * rows), certainty = new Float32Array(columns * rows);
    means.forEach((value, place) => ({ known: known[place], certainty: certainty[place] } = this.#told(value, Math.max(variances[place], 0))));
    return { known, certainty };
  }

  get interest() {
    return this.#interest;
  }

  /** Say which places matter when the next question is chosen: [x, y, weight] each, within `box`. */
  set interest(places) {
    const size = this.#modes.length + 1, interest = new Float64Array(size * size);
    for (const [x, y, weight] of places) {
      const features = this.#features(x, y);
      for (let p = 0; p < size; p++) {
        const factor = weight * features[p];
        for (let q = 0, at = p * size; q < size; q++, at++) interest[at] += factor * features[q];
      }
    }
    this.#interest = interest;
  }

  /**
   * Return for each question {x, y, guess, difficulty} by how much its answer is expected to lower the variance of f, summed
   * over the places of interest by their weights (Cohn, Ghahramani & Jordan 1996, J. Artif. Intell. Res. 4, doi:10.1613/jair.295).
   */
  gains(questions) {
    return questions.map((question) => {
      const features = this.#features(question.x, question.y), times = this.#times(features);
      const { known, unknown } = answered(question, dot(this.#mean, features), dot(times, features));
      // The mean at another place moves by slope times its covariance with this one; the variance falls by what the mean may move.
      const moves = known.chance * known.slope ** 2 + unknown.chance * unknown.slope ** 2;
      return moves * dot(multiplied(this.#interest, times), times);
    });
  }
}

/**
 * Return what an answer to a question would say where f has this mean and variance, if it is `known` and if not: its `chance`,
 * and first (`slope`) and negative second (`bend`) derivative of the log of that chance by the mean.
 */
function answered({ guess, difficulty }, mean, variance) {
  const spread = Math.sqrt(1 + variance), z = (mean - difficulty) / spread, density = normalDensity(z) / spread;
  const part = (chance, rise) => {
    const slope = rise / chance;
    return { chance, slope, bend: slope * (slope + z / spread) };
  };
  return {
    known: part(guess + (1 - guess) * normalBelow(z), (1 - guess) * density),
    unknown: part((1 - guess) * normalBelow(-z), (guess - 1) * density),
  };
}

const normalDensity = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Return left x middle x transposed right; `left` and `right` are lists of rows, the result is one array by rows. */
function sandwiched(left, middle, right) {
  const wide = right[0].length, rows = left.length, columns = right.length, out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const mixed = new Float64Array(wide);
    left[row].forEach((weight, at) => { for (let c = 0; c < wide; c++) mixed[c] += weight * middle[at * wide + c]; });
    for (let column = 0; column < columns; column++) out[row * columns + column] = dot(mixed, right[column]);
  }
  return out;
}

/**
 * Return for each two of the functions 1, cos, sin, cos 2, sin 2, ... up to a degree what their product is: pairs of the
 * number of such a function and its part.
 */
function productTable(degree) {
  const cosine = (j) => (j ? 2 * Math.abs(j) - 1 : 0), sine = (j) => 2 * Math.abs(j), count = 2 * degree + 1;
  const product = (a, c) => {
    const j = Math.ceil(a / 2), k = Math.ceil(c / 2), isSine = (at) => at > 0 && at % 2 === 0;
    if (isSine(a) && isSine(c)) return [[cosine(j - k), 0.5], [cosine(j + k), -0.5]];
    if (isSine(a)) return [[sine(j + k), 0.5], [sine(j - k), 0.5 * Math.sign(j - k)]];
    if (isSine(c)) return [[sine(j + k), 0.5], [sine(j - k), 0.5 * Math.sign(k - j)]];
    return [[cosine(j - k), 0.5], [cosine(j + k), 0.5]];
  };
  return Array.from({ length: count }, (_, a) => Array.from({ length: count }, (_, c) => product(a, c)));
}
