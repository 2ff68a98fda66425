#include "predict/prompt_memory.h"

#include <algorithm>

#include "predict/policy.h"

namespace mosh::predict {
namespace {

// What command prompts end with; the last five are common in shells dressed up by their users.
bool EndsPrompt(const term::Cell& cell) {
  static constexpr char32_t kEnds[] = {'$', '#', '%', '>', 0x276F, 0x279C, 0x00BB, 0x203A, 0x03BB};
  if (cell.is_cluster()) return false;
  return std::find(std::begin(kEnds), std::end(kEnds), cell.code_point()) != std::end(kEnds);
}

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

void Remember(const std::string& prompt, std::set<std::string>& prompts) {
  if (prompts.size() < policy::kMaxPrompts) prompts.insert(prompt);
}

}  // namespace

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

void PromptMemory::OnEchoed(const std::string& prompt) { Remember(prompt, trusted_); }

void PromptMemory::OnFailed(const std::string& prompt) {
  trusted_.erase(prompt);
  Remember(prompt, failed_);
}

}  // namespace mosh::predict
