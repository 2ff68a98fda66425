#include "mgmt/model/filter.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mgmt/model/comparison.h"
#include "mgmt/model/filter_tokens.h"
#include "mosh/fleet/v1/node.pb.h"

namespace mosh::mgmt {

using google::protobuf::Descriptor;
using google::protobuf::Message;

struct Filter::Node {
  enum Kind { kAnd, kOr, kNot, kCompare, kText };
  Kind kind;
  std::vector<Node> children;  // of kAnd, kOr and kNot
  Comparison comparison;       // of kCompare
  Pattern text;                // of kText

  bool Matches(const Message& message) const {
    switch (kind) {
      case kAnd:
        for (const Node& child : children) {
          if (!child.Matches(message)) return false;
        }
        return true;
      case kOr:
        for (const Node& child : children) {
          if (child.Matches(message)) return true;
        }
        return false;
      case kNot:
        return !children.front().Matches(message);
      case kCompare:
        return comparison.Matches(message);
      case kText:
        return MatchesText(message);
    }
    return false;
  }

  bool MatchesText(const Message& message) const {
    return message.GetDescriptor() == fleet::Node::descriptor()
               ? MatchesText(static_cast<const fleet::Node&>(message))
               : MatchesText(static_cast<const fleet::Session&>(message));
  }

  bool MatchesText(const fleet::Session& session) const {
    if (MatchesPartAnyCase(text, session.user()) || MatchesPartAnyCase(text, session.title()) ||
        MatchesPartAnyCase(text, session.session_id())) {
      return true;
    }
    for (const std::string& word : session.command()) {
      if (MatchesPartAnyCase(text, word)) return true;
    }
    return false;
  }

  bool MatchesText(const fleet::Node& node) const {
    if (MatchesPartAnyCase(text, node.name()) || MatchesPartAnyCase(text, node.hostname()) ||
        MatchesPartAnyCase(text, node.endpoint())) {
      return true;
    }
    for (const auto& [key, value] : node.labels()) {
      if (MatchesPartAnyCase(text, key) || MatchesPartAnyCase(text, value)) return true;
    }
    return false;
  }
};

namespace {

using Node = Filter::Node;
using Token = FilterToken;

// By recursive descent:
//   expression = factor {["AND"] factor}
//   factor     = term {"OR" term}
//   term       = {"NOT" | "-"} (word [comparator value] | "(" expression ")")
class Parser {
 public:
  Parser(const Descriptor* message, std::vector<Token> tokens)
      : message_(message), tokens_(std::move(tokens)) {}

  absl::StatusOr<Node> Run() {
    absl::StatusOr<Node> node = Expression(0);
    if (!node.ok()) return node;
    if (Now().kind != Token::kEnd) return FilterError(Now().column, "this ) closes nothing");
    return node;
  }

  bool needs_usage() const { return needs_usage_; }
  bool needs_measurements() const { return needs_measurements_; }

 private:
  const Token& Now() const { return tokens_[at_]; }
  bool At(absl::string_view keyword) const {
    return Now().kind == Token::kWord && !Now().quoted && Now().text == keyword;
  }
  bool Take(absl::string_view keyword) {
    if (!At(keyword)) return false;
    ++at_;
    return true;
  }
  bool AtEnd() const { return Now().kind == Token::kEnd || Now().kind == Token::kClose; }

  absl::StatusOr<Node> Expression(int depth) {
    return Several(
        Node::kAnd, [&] { return Factor(depth); }, [&] { return Take("AND") || !AtEnd(); });
  }

  absl::StatusOr<Node> Factor(int depth) {
    return Several(
        Node::kOr, [&] { return Term(depth); }, [&] { return Take("OR"); });
  }

  template <class Part, class More>
  absl::StatusOr<Node> Several(Node::Kind kind, const Part& part, const More& more) {
    Node all{.kind = kind};
    do {
      absl::StatusOr<Node> one = part();
      if (!one.ok()) return one;
      all.children.push_back(*std::move(one));
    } while (more());
    if (all.children.size() > 1) return all;
    Node only = std::move(all.children.front());
    return only;
  }

  absl::StatusOr<Node> Term(int depth) {
    if (depth > Filter::kMaxDepth) {
      return FilterError(Now().column,
                         absl::StrCat("more than ", Filter::kMaxDepth,
                                      " parentheses and negations within each other"));
    }
    if (Now().kind == Token::kMinus || At("NOT")) {
      ++at_;
      absl::StatusOr<Node> inner = Term(depth + 1);
      if (!inner.ok()) return inner;
      Node node{.kind = Node::kNot};
      node.children.push_back(*std::move(inner));
      return node;
    }
    if (Now().kind == Token::kOpen) {
      const size_t column = Now().column;
      ++at_;
      absl::StatusOr<Node> inner = Expression(depth + 1);
      if (!inner.ok()) return inner;
      if (Now().kind != Token::kClose) return FilterError(column, "this ( is not closed");
      ++at_;
      return inner;
    }
    return Restriction();
  }

  absl::StatusOr<Node> Restriction() {
    if (Now().kind != Token::kWord || At("AND") || At("OR")) {
      return FilterError(Now().column, "a field or a word is missing here");
    }
    const Token& word = tokens_[at_++];
    if (Now().kind == Token::kOpen && Now().column == word.column + word.text.size() &&
        !word.quoted) {
      return FilterError(word.column, "there are no functions");
    }
    if (Now().kind != Token::kCompare) {
      return Node{.kind = Node::kText, .text = word.pattern};
    }
    if (word.quoted) return FilterError(word.column, "before a comparison belongs a field");
    const std::string op = tokens_[at_++].text;
    if (Now().kind != Token::kWord) {
      return FilterError(Now().column, absl::StrCat("after ", op, " belongs a value"));
    }
    absl::StatusOr<Comparison> comparison = Comparison::Make(message_, word, op, tokens_[at_++]);
    if (!comparison.ok()) return comparison.status();
    needs_usage_ |= IsUsage(comparison->path());
    needs_measurements_ |= IsMeasurement(comparison->path());
    return Node{.kind = Node::kCompare, .comparison = *std::move(comparison)};
  }

  const Descriptor* const message_;
  const std::vector<Token> tokens_;
  size_t at_ = 0;
  bool needs_usage_ = false;
  bool needs_measurements_ = false;
};

}  // namespace

absl::StatusOr<Filter> Filter::Compile(absl::string_view text) {
  return CompileFor(fleet::Session::descriptor(), text);
}

absl::StatusOr<Filter> Filter::CompileForNodes(absl::string_view text) {
  return CompileFor(fleet::Node::descriptor(), text);
}

absl::StatusOr<Filter> Filter::CompileFor(const Descriptor* message, absl::string_view text) {
  if (text.size() > kMaxLength) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kMaxLength, " bytes"));
  }
  absl::StatusOr<std::vector<Token>> tokens = FilterTokens(text);
  if (!tokens.ok()) return tokens.status();
  Filter filter;
  if (tokens->front().kind == Token::kEnd) return filter;
  const bool anything = tokens->size() == 2 && tokens->front().kind == Token::kWord &&
                        tokens->front().pattern.anything();
  if (anything) return filter;
  Parser parser(message, *std::move(tokens));
  absl::StatusOr<Node> root = parser.Run();
  if (!root.ok()) return root.status();
  filter.root_ = std::make_shared<const Node>(*std::move(root));
  filter.needs_usage_ = parser.needs_usage();
  filter.needs_measurements_ = parser.needs_measurements();
  return filter;
}

bool Filter::Matches(const Message& message) const {
  return root_ == nullptr || root_->Matches(message);
}

}  // namespace mosh::mgmt
