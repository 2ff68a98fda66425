#include "server/environment.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mosh::server {
namespace {

bool Names(absl::string_view assignment, absl::string_view name) {
  return absl::StartsWith(assignment, name) && assignment.size() > name.size() &&
         assignment[name.size()] == '=';
}

}  // namespace

Environment::Environment(std::vector<std::string> assignments)
    : assignments_(std::move(assignments)) {}

Environment Environment::OfProcess() {
  std::vector<std::string> assignments;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    assignments.emplace_back(*entry);
  }
  return Environment(std::move(assignments));
}

std::optional<std::string> Environment::Get(absl::string_view name) const {
  for (const std::string& assignment : assignments_) {
    if (Names(assignment, name)) return assignment.substr(name.size() + 1);
  }
  return std::nullopt;
}

void Environment::Set(absl::string_view name, absl::string_view value) {
  Unset(name);
  assignments_.push_back(absl::StrCat(name, "=", value));
}

void Environment::Unset(absl::string_view name) {
  std::erase_if(assignments_, [name](const std::string& a) { return Names(a, name); });
}

std::vector<char*> Environment::ToPointers() {
  std::vector<char*> pointers;
  for (std::string& assignment : assignments_) pointers.push_back(assignment.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace mosh::server
