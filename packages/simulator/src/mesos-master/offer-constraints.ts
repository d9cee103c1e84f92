// SPDX-License-Identifier: Apache-2.0
import type { AgentInfo } from "../protocol/types";

interface AttributeConstraint {
  readonly selector: { readonly pseudoattribute_type?: string; readonly attribute_name?: string };
  readonly predicate: {
    readonly exists?: object;
    readonly not_exists?: object;
    readonly text_equals?: { readonly value: string };
    readonly text_not_equals?: { readonly value: string };
    readonly text_matches?: { readonly regex: string };
    readonly text_not_matches?: { readonly regex: string };
  };
}

/** What a framework says of the agents whose offers it wants, by role. */
export interface OfferConstraintsJson {
  readonly role_constraints?: Readonly<
    Record<
      string,
      { readonly groups?: readonly { readonly attribute_constraints?: readonly AttributeConstraint[] }[] }
    >
  >;
}

type Attribute = NonNullable<AgentInfo["attributes"]>[number];

/** The value of a pseudoattribute, a named attribute, or nothing. */
type Selected = string | Attribute | undefined;

/** An agent fits when every constraint of at least one of a role's groups holds; a role without any takes all agents. */
export class OfferConstraints {
  readonly json: OfferConstraintsJson;
  readonly #groups: ReadonlyMap<string, readonly (readonly Test[])[]>;

  private constructor(json: OfferConstraintsJson, groups: ReadonlyMap<string, readonly (readonly Test[])[]>) {
    this.json = json;
    this.#groups = groups;
  }

  static readonly none = new OfferConstraints({}, new Map());

  /** The constraints, or why they are none (offer_constraints_filter.cpp, src/master/validation.cpp). */
  static read(json: OfferConstraintsJson, roles: readonly string[]): OfferConstraints | string {
    const all = Object.entries(json.role_constraints ?? {});
    const foreign = all.find(([role]) => !roles.includes(role));
    if (foreign !== undefined) {
      return `Offer constraints specify \`role_constraints\` for a role '${foreign[0]}'not contained in the set of roles`;
    }
    const made = new Map<string, Test[][]>();
    for (const [role, { groups = [] }] of all) {
      const tests = testsOf(role, groups);
      if (typeof tests === "string") return `Offer constraints are not valid: ${tests}`;
      made.set(role, tests);
    }
    return new OfferConstraints(json, made);
  }

  excludes(role: string, agent: AgentInfo): boolean {
    const groups = this.#groups.get(role);
    return groups !== undefined && !groups.some((group) => group.every((test) => test(agent)));
  }
}

type Test = (agent: AgentInfo) => boolean;
type Groups = NonNullable<NonNullable<OfferConstraintsJson["role_constraints"]>[string]["groups"]>;

function testsOf(role: string, groups: Groups): Test[][] | string {
  if (groups.length === 0) {
    return `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`;
  }
  const made: Test[][] = [];
  for (const { attribute_constraints: constraints = [] } of groups) {
    if (constraints.length === 0) {
      return `'OfferConstraints::RoleConstraints::groups' for role ${role}contains an empty RoleConstraints::Group`;
    }
    const group = constraints.map(testOf);
    const wrong = group.find((test) => typeof test === "string");
    if (wrong !== undefined) return `A role ${role} has an invalid 'AttributeConstraint': ${wrong}`;
    made.push(group as Test[]);
  }
  return made;
}

function testOf({ selector, predicate }: AttributeConstraint): Test | string {
  const select = selectorOf(selector);
  if (typeof select === "string") return select;
  const holds = predicateOf(predicate);
  return typeof holds === "string" ? holds : (agent) => holds(select(agent));
}

function selectorOf(selector: AttributeConstraint["selector"]): ((agent: AgentInfo) => Selected) | string {
  const { attribute_name: name, pseudoattribute_type: type } = selector;
  if (name !== undefined) return (agent) => agent.attributes?.find((a) => a.name === name);
  switch (type) {
    case "HOSTNAME":
      return (agent) => agent.hostname;
    case "REGION":
      return (agent) => agent.domain?.fault_domain?.region.name;
    case "ZONE":
      return (agent) => agent.domain?.fault_domain?.zone.name;
    case "UNKNOWN":
      return "Unknown pseudoattribute type";
    default:
      return "Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set";
  }
}

/** An attribute that is not text satisfies every predicate on text: its scheduler must look itself. */
function predicateOf(predicate: AttributeConstraint["predicate"]): ((value: Selected) => boolean) | string {
  const { exists, not_exists, text_equals, text_not_equals, text_matches, text_not_matches } = predicate;
  if (exists !== undefined) return (value) => value !== undefined;
  if (not_exists !== undefined) return (value) => value === undefined;
  const onText =
    (whenNone: boolean, holds: (text: string) => boolean) =>
    (value: Selected): boolean => {
      if (value === undefined) return whenNone;
      if (typeof value === "string") return holds(value);
      return value.type !== "TEXT" || holds(value.text?.value ?? "");
    };
  if (text_equals !== undefined) return onText(false, (text) => text === text_equals.value);
  if (text_not_equals !== undefined) return onText(true, (text) => text !== text_not_equals.value);
  const pattern = (text_matches ?? text_not_matches)?.regex;
  if (pattern === undefined) return "Unknown predicate type";
  const whole = regexOf(pattern);
  if (typeof whole === "string") return whole;
  return text_matches === undefined
    ? onText(true, (text) => !whole.test(text))
    : onText(false, (text) => whole.test(text));
}

/** Mesos's RE2 knows neither back references nor looking around, which JavaScript does. */
const notInRe2 = /\(\?<?[=!]|\\[1-9]|\\k</;

function regexOf(pattern: string): RegExp | string {
  const refused = notInRe2.exec(pattern)?.[0];
  if (refused !== undefined) {
    return `Failed to construct regex from pattern '${pattern}': invalid perl operator: ${refused}`;
  }
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    return `Failed to construct regex from pattern '${pattern}': ${(error as SyntaxError).message}`;
  }
}
