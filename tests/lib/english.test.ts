import { describe, expect, it } from "vitest";
import { isEnglish } from "../../lib/english.ts";

describe("a text is English", () => {
  it.each([
    "When the option is given twice, the parser should keep the last value, but it keeps the first one.",
    "# Crash\n\nSteps: install, run the tests, see error `TypeError`.\n\nExpected: no error. Actual: it throws when a value is empty.",
    "The name 李雷 is printed as ?? when the locale is not set, and the width of it is wrong.",
    "Wrong result for -0",
    "",
  ])("%j", (text) => {
    expect(isEnglish(text)).toBe(true);
  });
});

describe("a text is not English", () => {
  it.each([
    ["Chinese", "当选项被给出两次时，解析器应该保留最后一个值，但它保留了第一个。请看下面的例子。"],
    ["Russian", "Если параметр указан дважды, парсер должен оставить последнее значение, но он оставляет первое."],
    [
      "German",
      "Wenn die Option zweimal angegeben wird, sollte der Parser den letzten Wert behalten, aber er behält den ersten und meldet keinen Fehler.",
    ],
    [
      "Spanish",
      "Cuando la opción se da dos veces, el analizador debería conservar el último valor, pero conserva el primero y no avisa de nada.",
    ],
    [
      "French",
      "Quand une option est donnée deux fois, l'analyseur devrait garder la dernière valeur, mais il garde la première sans rien dire.",
    ],
    [
      "Portuguese",
      "Quando a opção é dada duas vezes, o analisador deveria manter o último valor, mas mantém o primeiro e não avisa ninguém.",
    ],
    [
      "German with code",
      "Beim Aufruf kommt immer ein Fehler, obwohl alle Werte richtig gesetzt sind:\n```js\nif (this) { return that; } // the value of it is not for that\n```",
    ],
  ])("%s", (_, text) => {
    expect(isEnglish(text)).toBe(false);
  });
});
