"use strict";
// Sorts and filters the table of submissions; without it the table is whole and sorted by student.
const table = document.querySelector("#submissions table");
const body = table.tBodies[0];
const rows = [...body.rows];
const headings = [...table.tHead.rows[0].cells];
const choice = document.querySelector("#choice");
const search = document.querySelector("#search");

const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent;
const compare = (one, two) =>
  one !== "" && two !== "" && !isNaN(one) && !isNaN(two) ? one - two : one.localeCompare(two);

const sort = column => {
  const heading = headings[column];
  const down = heading.getAttribute("aria-sort") === "ascending";
  headings.forEach(other => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  rows.sort((one, two) => (down ? -1 : 1) * compare(key(one, column), key(two, column)));
  body.append(...rows);
};

const show = () => {
  const words = search.value.toLowerCase();
  for (const row of rows) {
    const chosen = !choice.value || row.cells[1].dataset.words.split(" ").includes(choice.value);
    row.hidden = !chosen || !row.cells[0].textContent.toLowerCase().includes(words);
  }
  const count = rows.filter(row => !row.hidden).length;
  document.querySelector("#shown").textContent = `${count} of ${rows.length} submissions shown`;
};

headings.forEach((heading, column) => {
  const button = document.createElement("button");
  button.textContent = heading.textContent;
  button.addEventListener("click", () => sort(column));
  heading.replaceChildren(button);
});
choice.addEventListener("change", show);
search.addEventListener("input", show);
document.querySelector("#controls").hidden = false;
show();
