#include "predict/prompt_memory.h"

#include <algorithm>

#include "predict/policy.h"

namespace mosh::predict {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "me@host:~/src 12$ " and "me@host:/tmp 3$ " are one prompt.
std::string Normalised(const std::string& text) {
  std::string result;
  bool in_path = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '~' || c == '/') {
      if (!in_path) result += '/';
      in_path = true;
      continue;
    }
    // A directory ends where the prompt goes on: at a blank, a bracket, or its last character.
    if (in_path && c != ' ' && c != ']' && c != ')' && c != '$' && c != '#' && c != '%' && c != '>')
      continue;
    in_path = false;
    if (!IsDigit(c)) {
      result += c;
    } else if (result.empty() || result.back() != '0') {
      result += '0';
    }
  }
  return result;
}

bool IsLetter(const term::Cell& cell) {
  if (cell.is_cluster() || cell.wide()) return true;
  const char32_t c = cell.code_point();
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0xC0;
}

// Fewer tell nothing: `[ ` or `1 ` begins all fields of a form.
constexpr int kFewestLetters = 2;

}  // namespace

bool EndsPrompt(const term::Cell& cell) {
  // The last five are common in shells dressed up by their users.
  static constexpr char32_t kEnds[] = {'$', '#', '%', '>', 0x276F, 0x279C, 0x00BB, 0x203A, 0x03BB};
  if (cell.is_cluster()) return false;
  return std::find(std::begin(kEnds), std::end(kEnds), cell.code_point()) != std::end(kEnds);
}

std::optional<std::string> QuestionBefore(const term::Screen& screen, Position at) {
  if (std::optional<std::string> prompt = PromptBefore(screen, at)) return prompt;
  if (at.column >= screen.columns()) return std::nullopt;
  int letters = 0;
  std::string text;
  for (int column = 0; column < at.column; ++column) {
    const term::Cell& cell = screen.cell(at.row, column);
    if (IsLetter(cell)) ++letters;
    screen.AppendCellText(cell, &text);
  }
  if (letters < kFewestLetters) return std::nullopt;
  return text;
}

std::optional<std::string> PromptBefore(const term::Screen& screen, Position at) {
  if (at.column < 2 || at.column >= screen.columns()) return std::nullopt;
  if (!screen.cell(at.row, at.column - 1).blank()) return std::nullopt;
  if (!EndsPrompt(screen.cell(at.row, at.column - 2))) return std::nullopt;
  const RowModel row(screen, at.row);
  if (row.TextEnd(at.column) != at.column) return std::nullopt;
  std::string text;
  for (int column = 0; column < at.column; ++column) {
    screen.AppendCellText(screen.cell(at.row, column), &text);
  }
  return Normalised(text);
}

void PromptMemory::OnEchoed(const Prompt& prompt) {
  if (trusted_.size() >= policy::kMaxPrompts) trusted_.clear();
  trusted_.insert(prompt);
}

void PromptMemory::OnFailed(const Prompt& prompt) {
  trusted_.erase(prompt);
  if (failed_.size() < policy::kMaxPrompts) failed_.insert(prompt);
}

}  // namespace mosh::predict
