/** The mutators, one line each. Where two give the same edit, the first has it: the special before the general. */
import type { Mutation } from "../../contract.ts";
import { type Node, walk, withTree } from "../syntax.ts";
import { sourceOf } from "../syntax-edits.ts";
import { arithmetic, bitwise, operandOrder, sign, termDropped, updateDirection } from "./arithmetic.ts";
import { accumulation, assignmentOperator, assignmentRemoval, logicalAssignment, updatePosition } from "./assignments.ts";
import { argumentOmission, argumentSwap, conversionDropped, copyDropped, orderingDropped, stepDropped } from "./calls.ts";
import { equalityFlip, equalityStrictness, relationalBound, relationalNegation } from "./comparisons.ts";
import { conditionFalse, conditionNegation, conditionTrue, elseRemoval, ternaryBranch, ternarySwap } from "./conditions.ts";
import type { SyntaxMutator } from "./contract.ts";
import {
  blockRemoval,
  breakContinue,
  callRemoval,
  caseRemoval,
  collectionUpdate,
  deleteRemoval,
  forInOf,
  loopBound,
  returnRemoval,
  returnValue,
  switchFallthrough,
} from "./control-flow.ts";
import { checkRemoval, guardRemoval, narrowingForced, narrowingInverted, predicateNegation, rethrowRemoval } from "./guards.ts";
import { booleanLiteral, emptyCollection, errorMessage, nullUndefined, numberLiteral, stringLiteral, templatePart } from "./literals.ts";
import { logicalConnective, logicalOperand, negation, nullishFallback, nullishOr } from "./logic.ts";
import {
  arrayEnds,
  arrayQuantifier,
  arraySearch,
  arrayTransform,
  dateComponent,
  mapLookup,
  mathBound,
  numberParsing,
  objectView,
  promiseCombinator,
  reduceDirection,
  rounding,
  stringAffix,
  stringCase,
  stringPad,
  stringTrim,
} from "./methods.ts";
import {
  awaitRemoval,
  destructuringDefault,
  optionalChain,
  parameterDefault,
  propertyRemoval,
  returnAwait,
  spreadOrder,
  spreadRemoval,
  voidDropped,
  yieldDelegation,
} from "./modern.ts";
import { characterOffset, indexOffset, replaceAll, sliceEnd } from "./positions.ts";
import { regexAnchor, regexClass, regexFlag, regexLook, regexQuantifier } from "./regular-expressions.ts";

export const mutators: readonly SyntaxMutator[] = Object.freeze([
  guardRemoval,
  checkRemoval,
  narrowingInverted,
  narrowingForced,
  predicateNegation,
  rethrowRemoval,
  conditionNegation,
  conditionTrue,
  conditionFalse,
  ternarySwap,
  ternaryBranch,
  elseRemoval,
  breakContinue,
  switchFallthrough,
  caseRemoval,
  forInOf,
  loopBound,
  returnValue,
  returnRemoval,
  blockRemoval,
  collectionUpdate,
  callRemoval,
  deleteRemoval,
  indexOffset,
  sliceEnd,
  characterOffset,
  replaceAll,
  arrayEnds,
  arrayQuantifier,
  arraySearch,
  arrayTransform,
  reduceDirection,
  stringAffix,
  stringTrim,
  stringCase,
  stringPad,
  mathBound,
  rounding,
  promiseCombinator,
  objectView,
  dateComponent,
  mapLookup,
  numberParsing,
  argumentSwap,
  argumentOmission,
  orderingDropped,
  stepDropped,
  conversionDropped,
  copyDropped,
  optionalChain,
  returnAwait,
  awaitRemoval,
  yieldDelegation,
  spreadOrder,
  spreadRemoval,
  propertyRemoval,
  parameterDefault,
  destructuringDefault,
  voidDropped,
  regexAnchor,
  regexQuantifier,
  regexClass,
  regexLook,
  regexFlag,
  relationalBound,
  relationalNegation,
  equalityFlip,
  equalityStrictness,
  arithmetic,
  bitwise,
  operandOrder,
  termDropped,
  sign,
  updateDirection,
  logicalConnective,
  logicalOperand,
  nullishOr,
  nullishFallback,
  negation,
  assignmentOperator,
  accumulation,
  logicalAssignment,
  assignmentRemoval,
  updatePosition,
  booleanLiteral,
  errorMessage,
  stringLiteral,
  templatePart,
  numberLiteral,
  nullUndefined,
  emptyCollection,
]);

/** Nothing below these runs, or nothing below them can be told apart by a test. */
const CLOSED = new Set([
  "import_statement",
  "decorator",
  "ambient_declaration",
  "interface_declaration",
  "type_alias_declaration",
  "type_annotation",
  "type_arguments",
  "type_parameters",
  "implements_clause",
  "function_signature",
  "method_signature",
  "abstract_method_signature",
  "asserts_annotation",
  "type_predicate_annotation",
  "comment",
  "jsx_text",
]);

const isConsoleCall = (node: Node, text: string): boolean =>
  node.type === "call_expression" && /^console\s*\??\./.test(sourceOf(node, text).slice(0, 20));

/** The type of `x as T`, `x satisfies T` and `<T>x`. */
const isTypeOperand = (node: Node): boolean => {
  const parent = node.parent;
  if (parent?.type === "as_expression" || parent?.type === "satisfies_expression") return parent.namedChild(0)?.id !== node.id;
  return false;
};

const byPlace = (a: Mutation, b: Mutation): number => a.start - b.start || a.end - b.end;

/**
 * Every place where an operator applies, in text order; of equal places in the order of the list. Empty for a text that does not parse.
 * @throws BrokenRecord for a text too long to parse.
 */
export function mutationsOf(path: string, text: string, operators?: readonly string[]): readonly Mutation[] {
  const chosen = operators === undefined ? mutators : mutators.filter((mutator) => operators.includes(mutator.name));
  const byType = new Map<string, SyntaxMutator[]>();
  for (const mutator of chosen) {
    for (const type of mutator.nodes) byType.set(type, [...(byType.get(type) ?? []), mutator]);
  }
  return withTree(path, text, (root) => (root.hasError ? [] : collect(root, text, byType)));
}

function collect(root: Node, text: string, byType: ReadonlyMap<string, readonly SyntaxMutator[]>): Mutation[] {
  const found = new Map<string, { mutation: Mutation; rank: number }>();
  const closed = (node: Node): boolean => CLOSED.has(node.type) || isTypeOperand(node) || isConsoleCall(node, text);
  for (const node of walk(root, (each) => !closed(each))) {
    const interested = byType.get(node.type);
    if (interested === undefined || closed(node)) continue;
    for (const mutator of interested) {
      const rank = mutators.indexOf(mutator);
      for (const edit of mutator.mutate(node, text)) {
        if (edit === null || text.slice(edit.start, edit.end) === edit.replacement) continue;
        const key = `${edit.start}:${edit.end}:${edit.replacement}`;
        if ((found.get(key)?.rank ?? Number.POSITIVE_INFINITY) > rank)
          found.set(key, { mutation: { operator: mutator.name, ...edit }, rank });
      }
    }
  }
  return [...found.values()].sort((a, b) => byPlace(a.mutation, b.mutation) || a.rank - b.rank).map(({ mutation }) => mutation);
}
