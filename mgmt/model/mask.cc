#include "mgmt/model/mask.h"

#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mgmt/model/fields.h"

namespace mosh::mgmt {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

constexpr int kMaxPaths = 100;

}  // namespace

// What is let through of a message.
struct ReadMask::Node {
  bool whole = false;
  std::map<int, Node> fields;  // by number

  void Add(const FieldPath& path) {
    Node* at = this;
    for (const FieldDescriptor* field : path) {
      if (at->whole) return;
      at = &at->fields[field->number()];
    }
    at->whole = true;
    at->fields.clear();
  }

  void Prune(Message* message) const {
    if (whole) return;
    const Reflection* reflection = message->GetReflection();
    std::vector<const FieldDescriptor*> set;
    reflection->ListFields(*message, &set);
    for (const FieldDescriptor* field : set) {
      const auto found = fields.find(field->number());
      if (found == fields.end()) {
        reflection->ClearField(message, field);
      } else if (found->second.whole) {
        continue;
      } else if (!field->is_repeated()) {
        found->second.Prune(reflection->MutableMessage(message, field));
      } else {
        for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
          found->second.Prune(reflection->MutableRepeatedMessage(message, field, i));
        }
      }
    }
  }

  bool HasMeasurements(const google::protobuf::Descriptor* of) const {
    for (int i = 0; i < of->field_count(); ++i) {
      const FieldDescriptor* field = of->field(i);
      const auto found = fields.find(field->number());
      if (!whole && found == fields.end()) continue;
      if (IsMeasurement(field)) return true;
      // Only clients have some further down.
      if (field->message_type() != fleet::Client::descriptor()) continue;
      if (whole || found->second.HasMeasurements(field->message_type())) return true;
    }
    return false;
  }

  void Describe(std::string* out) const {
    if (whole) absl::StrAppend(out, "*");
    for (const auto& [number, node] : fields) {
      absl::StrAppend(out, number, "(");
      node.Describe(out);
      absl::StrAppend(out, ")");
    }
  }
};

ReadMask::ReadMask() = default;

absl::StatusOr<ReadMask> ReadMask::Parse(const google::protobuf::FieldMask& mask) {
  if (mask.paths_size() == 0) return ReadMask();
  if (mask.paths_size() > kMaxPaths) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxPaths, " paths"));
  }
  auto root = std::make_shared<Node>();
  root->Add(*FindField("name"));
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      root->Add({});
      continue;
    }
    const absl::StatusOr<FieldPath> fields = FindField(path);
    if (!fields.ok()) return fields.status();
    root->Add(*fields);
  }
  ReadMask result;
  root->Describe(&result.key_);
  const int usage = fleet::Session::kUsageFieldNumber;
  result.wants_usage_ = root->whole || root->fields.count(usage) > 0;
  result.wants_measurements_ = root->HasMeasurements(fleet::Session::descriptor());
  result.root_ = std::move(root);
  return result;
}

fleet::Session ReadMask::Apply(const fleet::Session& session) const {
  fleet::Session result = session;
  if (root_ != nullptr) {
    root_->Prune(&result);
  } else {
    result.clear_usage();
  }
  return result;
}

google::protobuf::FieldMask AllButMeasurements() {
  google::protobuf::FieldMask mask;
  const auto add = [&mask](const google::protobuf::Descriptor* of, absl::string_view prefix) {
    for (int i = 0; i < of->field_count(); ++i) {
      const FieldDescriptor* const field = of->field(i);
      const bool descends = field->message_type() == fleet::Client::descriptor();
      if (!descends && !IsMeasurement(field)) mask.add_paths(absl::StrCat(prefix, field->name()));
    }
  };
  add(fleet::Session::descriptor(), "");
  add(fleet::Client::descriptor(), "clients.");
  return mask;
}

}  // namespace mosh::mgmt
