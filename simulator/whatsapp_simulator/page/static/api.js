// Asks the control plane; a refusal is an Error whose message is its sentence.

export async function ask(method, path, body, { signal } = {}) {
  let answer;
  try {
    answer = await fetch(`../_control/${path}`, {
      method,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
    });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Error("The simulator does not answer. Is it still running?");
  }
  const told = await answer.json();
  if (!answer.ok) {
    const sentence = told.error?.message ?? `The simulator answered ${answer.status}.`;
    throw Object.assign(new Error(sentence), { status: answer.status });
  }
  return told;
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const put = (path, body) => ask("PUT", path, body);
export const post = (path, body = {}) => ask("POST", path, body);

export const personPath = (person, act = "") =>
  `people/${encodeURIComponent(person.key)}${act && `/${act}`}`;
