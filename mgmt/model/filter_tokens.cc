#include "mgmt/model/filter_tokens.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace mosh::mgmt {
namespace {

bool IsComparator(char c) { return c == '=' || c == '!' || c == '<' || c == '>' || c == ':'; }

class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<FilterToken>> Run() {
    while (true) {
      while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
      FilterToken token;
      token.column = at_ + 1;
      const absl::Status status = Read(&token);
      if (!status.ok()) return status;
      tokens_.push_back(std::move(token));
      if (tokens_.back().kind == FilterToken::kEnd) return std::move(tokens_);
    }
  }

 private:
  absl::Status Read(FilterToken* token) {
    if (at_ == text_.size()) return absl::OkStatus();
    const char c = text_[at_];
    if (c == '(' || c == ')') {
      ++at_;
      token->kind = c == '(' ? FilterToken::kOpen : FilterToken::kClose;
      return absl::OkStatus();
    }
    if (IsComparator(c)) return ReadComparator(token);
    if (c == '"' || c == '\'') return ReadQuoted(c, token);
    if (c == '-' && !WantsValue()) {
      ++at_;
      token->kind = FilterToken::kMinus;
      return absl::OkStatus();
    }
    return ReadWord(token);
  }

  // A comparator stands before: now '-' and ':' belong to the word (-5, 10.0.0.7:60001, a time).
  bool WantsValue() const {
    return !tokens_.empty() && tokens_.back().kind == FilterToken::kCompare;
  }

  absl::Status ReadComparator(FilterToken* token) {
    token->kind = FilterToken::kCompare;
    token->text = text_[at_++];
    const bool more = token->text != "=" && token->text != ":";
    if (more && at_ < text_.size() && text_[at_] == '=') token->text += text_[at_++];
    if (token->text == "!") return FilterError(token->column, "after ! belongs =");
    return absl::OkStatus();
  }

  absl::Status ReadQuoted(char quote, FilterToken* token) {
    token->kind = FilterToken::kWord;
    token->quoted = true;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return absl::OkStatus();
      }
      const bool escaped = c == '\\' && at_ + 1 < text_.size();
      if (escaped) c = text_[++at_];
      Append(c, !escaped, token);
    }
    return FilterError(token->column, "this quote is not closed");
  }

  absl::Status ReadWord(FilterToken* token) {
    token->kind = FilterToken::kWord;
    const bool value = WantsValue();
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (absl::ascii_isspace(c) || c == '(' || c == ')' || c == '"' || c == '\'') break;
      if (IsComparator(c) && !(value && c == ':')) break;
      Append(c, true, token);
    }
    return absl::OkStatus();
  }

  static void Append(char c, bool may_be_wildcard, FilterToken* token) {
    token->text += c;
    if (c == '*' && may_be_wildcard) {
      token->pattern.pieces.emplace_back();
    } else {
      token->pattern.pieces.back() += c;
    }
  }

  const absl::string_view text_;
  size_t at_ = 0;
  std::vector<FilterToken> tokens_;
};

}  // namespace

absl::Status FilterError(size_t column, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("column ", column, ": ", what));
}

absl::StatusOr<std::vector<FilterToken>> FilterTokens(absl::string_view text) {
  return Lexer(text).Run();
}

}  // namespace mosh::mgmt
