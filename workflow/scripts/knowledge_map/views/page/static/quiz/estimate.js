// What a person knows, estimated over the plane from the questions answered so far. Numbers only: nothing here knows the page.
//
// The model. Knowledge is a smooth surface f with a Gaussian process prior: a general level that holds everywhere, plus a local
// part with a squared exponential covariance of some length scale. Together they have variance 1, so that the share known at a
// position, Phi(f), is before any answer as likely to be small as large. A person who knows an answer is right; one who does not
// guesses one of the options. So a question of difficulty b with n options is answered rightly with probability
// 1/n + (1 - 1/n) Phi(f - b), the three-parameter normal ogive of test theory (Birnbaum, in Lord & Novick 1968, chapter 17).
// A wrong answer and "I don't know" say the same: that the answer was not known.
//
// The computation. The covariance is a sum of equispaced Fourier modes (Greengard, Rachh & Barnett 2022, arXiv:2210.10210), so
// that work grows with the number of answers and not with its cube. Expectation propagation (Minka 2001; Rasmussen & Williams
// 2006, section 3.6) puts a Gaussian in the place of each answer; the moments that it needs have a closed form here.

/** @typedef {import("../base/geometry.js").Box} Box */
/** @typedef {import("../base/geometry.js").Position} Position */
/**
 * @typedef {object} QuestionModel
 * @property {number} x in map units
 * @property {number} y in map units
 * @property {number} guess the chance to guess the answer, 0 to 1
 * @property {number} difficulty in standard deviations of knowledge
 */
/** @typedef {QuestionModel & { key: number, known: boolean }} Answer `key` tells questions apart; `known`: it was right */
/**
 * @typedef {object} Site an answer and the Gaussian in its place
 * @property {number} x
 * @property {number} y
 * @property {number} guess
 * @property {number} difficulty
 * @property {boolean} known
 * @property {Float64Array} features
 * @property {number} precision of the Gaussian
 * @property {number} shift its mean times its precision
 */
/** @typedef {{ a: number, b: number, deviation: number }} Mode a function of x, one of y, and their standard deviation */
/** @typedef {{ known: number, certainty: number, mean: number, variance: number }} Estimate */

// Chebyshev coefficients of erfcc in Press et al., Numerical Recipes.
const ERFCC = [
  -1.26551223,
  1.00002368,
  0.37409196,
  0.09678418,
  -0.18628806,
  0.27886807,
  -1.13520398,
  1.48851587,
  -0.82215223,
  0.17087277,
];

/**
 * Return the chance that a standard normal number is below `z`, to a relative 2e-7.
 * @param {number} z
 */
function normalBelow(z) {
  const x = Math.abs(z) / Math.SQRT2, t = 1 / (1 + x / 2);
  const tail = 0.5 * t * Math.exp(ERFCC.reduceRight((sum, term) => term + t * sum, 0) - x * x);
  return z < 0 ? tail : 1 - tail;
}

/**
 * @param {Float64Array} a
 * @param {Float64Array} b
 */
function dot(a, b) {
  let sum = 0;
  for (let p = 0; p < a.length; p++) sum += a[p] * b[p];
  return sum;
}

/**
 * Return a matrix, by rows, times a vector; two rows at a time, so that neither sum waits for the other.
 * @param {Float64Array} matrix
 * @param {Float64Array} vector
 */
function multiplied(matrix, vector) {
  const size = vector.length, out = new Float64Array(size);
  for (let p = 0; p < size; p += 2) {
    const row = p * size, next = p + 1 < size ? row + size : row;
    let one = 0, other = 0;
    for (let q = 0; q < size; q++) {
      one += matrix[row + q] * vector[q];
      other += matrix[next + q] * vector[q];
    }
    out[p] = one;
    if (next > row) out[p + 1] = other;
  }
  return out;
}

/**
 * Return vector x matrix x vector for a symmetric matrix, by rows, of which only one half is read.
 * @param {Float64Array} matrix
 * @param {Float64Array} vector
 */
function quadraticForm(matrix, vector) {
  const size = vector.length;
  let whole = 0;
  for (let p = 0; p < size; p++) {
    const row = p * size;
    let rest = 0;
    for (let q = p + 1; q < size; q++) rest += matrix[row + q] * vector[q];
    whole += vector[p] * (matrix[row + p] * vector[p] + 2 * rest);
  }
  return whole;
}

const REACH = 2.5; // length scales around the questions within which there is an estimate
const CUTOFF = 3.3; // of frequency times length scale; the modes beyond hold exp(-3.3^2 / 2) = 0.4 % of the variance
const CONVERGED = 5e-3; // a site that would change by less (a precision, in units of 1 / variance) has converged
const MANY = 300; // of more answers than these, only those within three length scales of a change are updated again
const ROUNDS = 20; // after so many rounds sites are left as they are

export class KnowledgeEstimate {
  #origin;
  #period;
  #degree;
  #modes;
  #mean = new Float64Array(0);
  #covariance = new Float64Array(0);
  /** @type {Float64Array | null} */
  #interest = null;
  /** @type {Map<number, Site>} */
  #sites = new Map();

  /**
   * @param {Box} box holds all questions
   * @param {number} lengthScale in map units
   * @param {number} general the general level's share of the variance, 0 to 1
   */
  constructor([left, right, bottom, top], lengthScale, general) {
    const reach = REACH * lengthScale;
    this.lengthScale = lengthScale;
    /** Within it there is an estimate, in map units. */
    this.box = /** @type {Box} */ ([left - reach, right + reach, bottom - reach, top + reach]);
    this.general = general;
    this.#origin = [left, bottom];
    // The modes repeat after a period: three length scales beyond the farthest position that may be asked about.
    this.#period = [right - left, top - bottom].map((side) => side + reach + 3 * lengthScale);
    this.#degree = this.#period.map((period) => Math.floor((CUTOFF * period) / (2 * Math.PI * lengthScale)));
    this.#modes = this.#chooseModes();
    this.clear();
  }

  /**
   * Return the modes: the number of a function of x and of one of y (1, cos, sin, cos 2, sin 2, ...), and their deviation.
   * @returns {Mode[]}
   */
  #chooseModes() {
    /**
     * @param {number} at the number of a function
     * @param {number} axis
     */
    const frequency = (at, axis) => (2 * Math.PI * Math.ceil(at / 2) * this.lengthScale) / this.#period[axis];
    const modes = [];
    for (let a = 0; a <= 2 * this.#degree[0]; a++) {
      for (let b = 0; b <= 2 * this.#degree[1]; b++) {
        const square = frequency(a, 0) ** 2 + frequency(b, 1) ** 2;
        if (square <= CUTOFF ** 2) modes.push({ a, b, share: Math.exp(-square / 2) });
      }
    }
    const total = modes.reduce((sum, { share }) => sum + share, 0);
    // Of the two functions of a frequency the squares sum to 1, so each has twice its share of the variance.
    /** @param {{ a: number, b: number, share: number }} mode */
    const variance = ({ a, b, share }) => ((1 - this.general) * share * (a ? 2 : 1) * (b ? 2 : 1)) / total;
    return modes.map((mode) => ({ a: mode.a, b: mode.b, deviation: Math.sqrt(variance(mode)) }));
  }

  /**
   * Return the functions 1, cos, sin, cos 2, sin 2, ... up to a degree.
   * @param {number} value a coordinate
   * @param {number} axis 0 is x, 1 is y
   * @param {number} degree
   */
  #functions(value, axis, degree) {
    const functions = new Float64Array(2 * degree + 1).fill(1);
    for (let j = 1; j <= degree; j++) {
      const angle = (2 * Math.PI * j * (value - this.#origin[axis])) / this.#period[axis];
      functions[2 * j - 1] = Math.cos(angle);
      functions[2 * j] = Math.sin(angle);
    }
    return functions;
  }

  /**
   * Return the value of every mode at a position, the general level first: the estimate there is their product with the weights.
   * @param {number} x
   * @param {number} y
   */
  #features(x, y) {
    const u = this.#functions(x, 0, this.#degree[0]), v = this.#functions(y, 1, this.#degree[1]);
    const features = new Float64Array(this.#modes.length + 1);
    features[0] = Math.sqrt(this.general);
    this.#modes.forEach(({ a, b, deviation }, at) => features[at + 1] = deviation * u[a] * v[b]);
    return features;
  }

  /** Forget all answers. */
  clear() {
    const size = this.#modes.length + 1;
    this.#sites.clear();
    this.#mean = new Float64Array(size);
    this.#covariance = new Float64Array(size * size);
    for (let p = 0; p < size; p++) this.#covariance[p * (size + 1)] = 1;
  }

  /**
   * Take in answers, each in place of a former one of its key.
   * @param {Answer[]} answers
   */
  learn(answers) {
    for (const { key, x, y, guess, difficulty, known } of answers) {
      this.#forget(key);
      const site = { x, y, features: this.#features(x, y), guess, difficulty, known, precision: 0, shift: 0 };
      this.#sites.set(key, site);
      this.#update(site);
    }
    this.#converge(answers);
  }

  /**
   * Take back the answer to a question.
   * @param {number} key
   */
  unlearn(key) {
    const site = this.#sites.get(key);
    this.#forget(key);
    if (site) this.#converge([site]);
  }

  /** @param {number} key */
  #forget(key) {
    const site = this.#sites.get(key);
    if (!site) return;
    this.#sites.delete(key);
    const times = this.#times(site.features);
    if (site.precision * dot(times, site.features) < 1 - 1e-6) return this.#move(site, -site.precision, -site.shift, times);
    // Without it the others would not add up to an estimate, which negative precisions can bring about: begin anew with them.
    const others = [...this.#sites].map(([otherKey, other]) => ({ ...other, key: otherKey }));
    this.clear();
    this.learn(others);
  }

  /**
   * Update the sites until they agree: all of them once (of many those near the one that changed), then again those that moved.
   * @param {{ x: number, y: number }[]} changed
   */
  #converge(changed) {
    let moving = [...this.#sites.values()];
    if (moving.length > MANY && changed.length === 1) {
      const [{ x, y }] = changed;
      moving = moving.filter((site) => Math.hypot(site.x - x, site.y - y) < 3 * this.lengthScale);
    }
    for (let round = 0; round < ROUNDS && moving.length; round++) {
      moving = moving.filter((site) => this.#update(site));
    }
  }

  /**
   * Update a site by what its answer says beside all the others; return whether that changed it.
   * @param {Site} site
   */
  #update(site) {
    const times = this.#times(site.features), variance = dot(times, site.features);
    // What the others say of this position: the estimate without this answer.
    const precision = 1 / variance - site.precision;
    if (!(precision > 0)) return false;
    const mean = (dot(this.#mean, site.features) / variance - site.shift) / precision;
    const { slope, bend } = answerMoments(site, mean, 1 / precision)[site.known ? "known" : "unknown"];
    // Where much speaks against it, a right answer is likelier a guess: its precision may then be negative.
    const rest = 1 - bend / precision;
    const byPrecision = bend / rest - site.precision, byShift = (slope + mean * bend) / rest - site.shift;
    const changes = Math.max(Math.abs(byPrecision), Math.abs(byShift)) > CONVERGED;
    if (changes) this.#move(site, byPrecision, byShift, times);
    return changes;
  }

  /**
   * Change what a site says, and the estimate with it.
   * @param {Site} site
   * @param {number} byPrecision
   * @param {number} byShift
   * @param {Float64Array} times the covariance times the features of the site
   */
  #move(site, byPrecision, byShift, times) {
    const size = times.length, covariance = this.#covariance;
    const whole = 1 + byPrecision * dot(times, site.features);
    const along = (byShift - byPrecision * dot(this.#mean, site.features)) / whole;
    for (let p = 0, at = 0; p < size; p++) {
      const factor = (byPrecision / whole) * times[p];
      for (let q = 0; q < size; q++, at++) covariance[at] -= factor * times[q];
      this.#mean[p] += along * times[p];
    }
    site.precision += byPrecision;
    site.shift += byShift;
  }

  /**
   * Return the covariance of the weights times features.
   * @param {Float64Array} features
   */
  #times(features) {
    return multiplied(this.#covariance, features);
  }

  /**
   * Return the variance of what features stand for.
   * @param {Float64Array} features
   */
  #variance(features) {
    return Math.max(0, quadraticForm(this.#covariance, features));
  }

  /** Return the variance of the estimate where no question is near: that of the general level and all of the local part. */
  get #afar() {
    return this.general * this.#covariance[0] + 1 - this.general;
  }

  /**
   * Return mean and variance of f as the share known, 0 to 1, and the certainty: the part of the variance that answers removed.
   * @param {number} mean
   * @param {number} variance
   * @returns {Estimate}
   */
  #asEstimate(mean, variance) {
    const certainty = Math.max(0, Math.min(1, 1 - variance / this.#afar));
    return { known: normalBelow(mean / Math.sqrt(1 + variance)), certainty, mean, variance };
  }

  /**
   * Return the estimate at a position within `box`: `known`, the chance to know the answer to a question of middle difficulty
   * there; `certainty`, from 0 (as uncertain as far from all questions) to 1; `mean` and `variance` of f.
   * @param {number} x
   * @param {number} y
   * @returns {Estimate}
   */
  at(x, y) {
    const features = this.#features(x, y);
    return this.#asEstimate(dot(this.#mean, features), this.#variance(features));
  }

  /**
   * Return the share known on average over positions, 0 to 1, and the standard deviation of that share.
   *
   * The share is the mean of Phi(f). Its deviation is that of the linear function of f that is nearest to it where f has the
   * distribution of the estimate (statistical linearization: Gelb 1974, Applied Optimal Estimation, section 6.2).
   * @param {Position[]} positions at least one, within `box`
   * @returns {{ known: number, deviation: number }}
   */
  average(positions) {
    const direction = new Float64Array(this.#mean.length);
    let sum = 0;
    for (const [x, y] of positions) {
      const features = this.#features(x, y);
      const spread = Math.sqrt(1 + this.#variance(features)), z = dot(this.#mean, features) / spread;
      const slope = normalDensity(z) / spread / positions.length;
      sum += normalBelow(z);
      for (let p = 0; p < direction.length; p++) direction[p] += slope * features[p];
    }
    return { known: sum / positions.length, deviation: Math.sqrt(this.#variance(direction)) };
  }

  /**
   * Return for each question the chance that it is answered rightly, known or guessed.
   * @param {QuestionModel[]} questions
   * @returns {number[]}
   */
  chances(questions) {
    return questions.map((question) => {
      const features = this.#features(question.x, question.y);
      return answerMoments(question, dot(this.#mean, features), this.#variance(features)).known.chance;
    });
  }

  /**
   * Return the estimate on `columns` x `rows` positions spread over `box` from corner to corner, the lowest row first.
   * @param {number} columns
   * @param {number} rows
   * @returns {{ known: Float32Array, certainty: Float32Array }} [rows * columns]
   */
  raster(columns, rows) {
    const [wide, high] = this.#degree.map((degree) => 2 * degree + 1);
    const [wider, higher] = this.#degree.map((degree) => 4 * degree + 1);
    const modes = [{ a: 0, b: 0, deviation: Math.sqrt(this.general) }, ...this.#modes], size = modes.length;
    const mean = new Float64Array(wide * high), variance = new Float64Array(wider * higher);
    modes.forEach(({ a, b, deviation }, p) => mean[b * wide + a] += deviation * this.#mean[p]);
    // The variance holds products of two modes, and these are again such functions, of up to twice the degree.
    const products = productTable(Math.max(...this.#degree));
    modes.forEach((one, p) =>
      modes.forEach((other, q) => {
        const value = one.deviation * other.deviation * this.#covariance[p * size + q];
        for (const [b, partY] of products[one.b][other.b]) {
          for (const [a, partX] of products[one.a][other.a]) variance[b * wider + a] += value * partX * partY;
        }
      })
    );
    const [left, right, bottom, top] = this.box;
    /** @type {(low: number, high: number, count: number, axis: number, degree: number) => Float64Array[]} */
    const functionsAlong = (low, high, count, axis, degree) =>
      Array.from({ length: count }, (_, at) => this.#functions(low + ((high - low) * at) / (count - 1), axis, degree));
    /** @type {(coefficients: Float64Array, factor: number) => Float64Array} */
    const evaluated = (coefficients, factor) =>
      sandwiched(
        functionsAlong(bottom, top, rows, 1, factor * this.#degree[1]),
        coefficients,
        functionsAlong(left, right, columns, 0, factor * this.#degree[0]),
      );
    const means = evaluated(mean, 1), variances = evaluated(variance, 2);
    const known = new Float32Array(columns * rows), certainty = new Float32Array(columns * rows);
    means.forEach((value, at) => {
      ({ known: known[at], certainty: certainty[at] } = this.#asEstimate(value, Math.max(variances[at], 0)));
    });
    return { known, certainty };
  }

  /**
   * Say which positions matter when the next question is chosen.
   * @param {[number, number, number][]} positions x, y and weight of each, within `box`
   */
  setInterest(positions) {
    const size = this.#modes.length + 1, interest = new Float64Array(size * size);
    for (const [x, y, weight] of positions) {
      const features = this.#features(x, y);
      for (let p = 0; p < size; p++) {
        const factor = weight * features[p];
        for (let q = 0, at = p * size; q < size; q++, at++) interest[at] += factor * features[q];
      }
    }
    this.#interest = interest;
  }

  /**
   * Return for each question by how much its answer is expected to lower the variance of f, summed over the positions of
   * interest by their weights (Cohn, Ghahramani & Jordan 1996, J. Artif. Intell. Res. 4, doi:10.1613/jair.295).
   * @param {QuestionModel[]} questions
   * @returns {number[]}
   */
  gains(questions) {
    const interest = this.#interest;
    if (!interest) throw new Error("gains are asked for before it is said which positions matter");
    return questions.map((question) => {
      const features = this.#features(question.x, question.y), times = this.#times(features);
      const { known, unknown } = answerMoments(question, dot(this.#mean, features), dot(times, features));
      // The mean elsewhere moves by slope times its covariance with this position; the variance falls by what the mean may move.
      const moves = known.chance * known.slope ** 2 + unknown.chance * unknown.slope ** 2;
      return moves * quadraticForm(interest, times);
    });
  }
}

/**
 * Return what an answer to a question would say where f has this mean and variance, if it is `known` and if not: its `chance`,
 * and first (`slope`) and negative second (`bend`) derivative of the log of that chance by the mean.
 * @param {{ guess: number, difficulty: number }} question
 * @param {number} mean
 * @param {number} variance
 */
function answerMoments({ guess, difficulty }, mean, variance) {
  const spread = Math.sqrt(1 + variance), z = (mean - difficulty) / spread, density = normalDensity(z) / spread;
  /**
   * @param {number} chance
   * @param {number} rise its derivative by the mean
   */
  const part = (chance, rise) => {
    const slope = rise / chance;
    return { chance, slope, bend: slope * (slope + z / spread) };
  };
  return {
    known: part(guess + (1 - guess) * normalBelow(z), (1 - guess) * density),
    unknown: part((1 - guess) * normalBelow(-z), (guess - 1) * density),
  };
}

/** @param {number} z */
function normalDensity(z) {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * Return left x middle x transposed right, as one array by rows.
 * @param {Float64Array[]} left a list of rows
 * @param {Float64Array} middle by rows
 * @param {Float64Array[]} right a list of rows
 */
function sandwiched(left, middle, right) {
  const wide = right[0].length, rows = left.length, columns = right.length, out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const mixed = new Float64Array(wide);
    left[row].forEach((weight, at) => {
      for (let c = 0; c < wide; c++) mixed[c] += weight * middle[at * wide + c];
    });
    for (let column = 0; column < columns; column++) out[row * columns + column] = dot(mixed, right[column]);
  }
  return out;
}

/**
 * Return for each two of the functions 1, cos, sin, cos 2, sin 2, ... up to a degree what their product is: pairs of the
 * number of such a function and its part.
 * @param {number} degree
 */
function productTable(degree) {
  /** @param {number} j */
  const cosine = (j) => (j ? 2 * Math.abs(j) - 1 : 0);
  /** @param {number} j */
  const sine = (j) => 2 * Math.abs(j);
  /** @param {number} at */
  const isSine = (at) => at > 0 && at % 2 === 0;
  /** @type {(a: number, c: number) => [number, number][]} */
  const product = (a, c) => {
    const j = Math.ceil(a / 2), k = Math.ceil(c / 2);
    if (isSine(a) && isSine(c)) return [[cosine(j - k), 0.5], [cosine(j + k), -0.5]];
    if (isSine(a)) return [[sine(j + k), 0.5], [sine(j - k), 0.5 * Math.sign(j - k)]];
    if (isSine(c)) return [[sine(j + k), 0.5], [sine(j - k), 0.5 * Math.sign(k - j)]];
    return [[cosine(j - k), 0.5], [cosine(j + k), 0.5]];
  };
  const numbers = Array.from({ length: 2 * degree + 1 }, (_, at) => at);
  return numbers.map((a) => numbers.map((c) => product(a, c)));
}
