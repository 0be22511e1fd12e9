// The answers given so far: kept in the browser for this map, and exchanged as a file. What comes from outside is not trusted.

const progress = (() => {
  const FORMAT = "knowledge map quiz", VERSION = 1;
  const LONGEST = 20_000_000; // bytes of a file that is read
  const NOT_KEPT = "This browser keeps nothing for this page: save your answers before you leave.";
  const answers = new Map(); // number of the question -> index of the option chosen, or null for "I don't know"; in order
  let byTelling = false;

  const key = () => `${FORMAT} ${data.quiz.map}`;
  /** Return whether a question can be asked: it has options, and one of them is known to be right. */
  const canBeAsked = ({ options, answer }) => options.length > 0 && answer !== null;

  /** Return what became of a question: open, right, wrong or unknown. */
  function state(number) {
    if (!answers.has(number)) return "open";
    const chosen = answers.get(number);
    if (chosen === null) return "unknown";
    return chosen === data.questions[number].answer ? "right" : "wrong";
  }

  /** Return how many answers were right, wrong and unknown. */
  function score() {
    const score = { right: 0, wrong: 0, unknown: 0 };
    for (const number of answers.keys()) score[state(number)]++;
    return score;
  }

  /** Return everything as JSON; texts of questions and options are there for people, and to notice when a quiz has changed. */
  function written() {
    const told = [...answers].map(([number, chosen]) => {
      const { id, text, options } = data.questions[number];
      return { question: id, text, chosen, option: chosen === null ? null : options[chosen], result: state(number) };
    });
    return JSON.stringify({ format: FORMAT, version: VERSION, map: data.quiz.map, byTelling, answers: told }, null, 1);
  }

  /**
   * Take over the answers of a JSON text in place of the present ones. Return how many were `taken`, how many are of questions
   * that are `unknown` here, how many could not be `used`, and whether they were given on another map (`elsewhere`).
   * Throws an Error with a message for people, and changes nothing, where the text is no progress of a quiz.
   */
  function read(text) {
    let content;
    try {
      content = JSON.parse(text);
    } catch {
      throw new Error("it is not JSON.");
    }
    if (content?.format !== FORMAT || !Array.isArray(content.answers)) throw new Error("it holds no answers to a quiz.");
    if (content.version !== VERSION) throw new Error("it was written by another version of this page.");
    const numbers = new Map(data.questions.map(({ id }, number) => [id, number]));
    const taken = new Map(), told = { taken: 0, unknown: 0, unusable: 0, elsewhere: content.map !== data.quiz.map };
    for (const answer of content.answers) {
      const number = numbers.get(answer?.question);
      if (typeof answer?.question === "string" && number === undefined) told.unknown++;
      else if (number === undefined || taken.has(number) || !fits(answer, data.questions[number])) told.unusable++;
      else taken.set(number, answer.chosen);
    }
    told.taken = taken.size;
    answers.clear();
    for (const [number, chosen] of taken) answers.set(number, chosen);
    byTelling = content.byTelling === true;
    return told;
  }

  /** Return whether an answer may be one to this question: an option that it has, by number and by text. */
  function fits({ chosen, option }, question) {
    if (!canBeAsked(question)) return false;
    return chosen === null || (Number.isInteger(chosen) && chosen in question.options && option === question.options[chosen]);
  }

  /** Keep everything in the browser; return whether it let us. */
  function keep() {
    try {
      localStorage.setItem(key(), written());
      return true;
    } catch {
      return false;
    }
  }

  /** Take over what the browser kept; return a notice where that failed. */
  function restore() {
    let kept;
    try {
      kept = localStorage.getItem(key());
    } catch {
      return NOT_KEPT;
    }
    try {
      if (kept !== null) read(kept);
    } catch (error) {
      return `The progress kept in this browser is damaged and was ignored: ${error.message}`;
    }
    return "";
  }

  return {
    LONGEST, NOT_KEPT, answers, canBeAsked, state, score, written, keep, restore,
    get byTelling() { return byTelling; },
    set byTelling(wanted) { byTelling = wanted; keep(); },
    /** Take or take back an answer, or all of them; return whether that could be kept. */
    answer: (number, chosen) => { answers.set(number, chosen); return keep(); },
    withdraw: (number) => { answers.delete(number); return keep(); },
    clear: () => { answers.clear(); return keep(); },
    read: (text) => { const told = read(text); keep(); return told; },
  };
})();
