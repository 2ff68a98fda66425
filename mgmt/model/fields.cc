#include "mgmt/model/fields.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Names in requests are looked for among those of fields; longer ones are none.
constexpr size_t kMaxName = 64;

// Insertions, deletions and replacements that make one of the other.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// What might have been meant: the field whose name is nearest, or one of that name further down.
std::string Suggestion(const Descriptor* in, absl::string_view prefix, absl::string_view name) {
  if (name.size() > kMaxName) return "";
  const FieldDescriptor* nearest = nullptr;
  size_t distance = (name.size() + 2) / 3 + 1;
  for (int i = 0; i < in->field_count(); ++i) {
    const size_t its = Distance(name, in->field(i)->name());
    if (its >= distance) continue;
    nearest = in->field(i);
    distance = its;
  }
  if (distance > 1) {
    for (int i = 0; i < in->field_count(); ++i) {
      const Descriptor* inner = in->field(i)->message_type();
      if (inner == nullptr || inner->FindFieldByName(std::string(name)) == nullptr) continue;
      return absl::StrCat("; is it ", prefix, in->field(i)->name(), ".", name, "?");
    }
  }
  return nearest != nullptr ? absl::StrCat("; is it ", prefix, nearest->name(), "?") : "";
}

std::vector<const FieldDescriptor*> Measurements() {
  std::vector<const FieldDescriptor*> fields;
  for (const char* name : {"last_input_time", "last_heard_time", "history_lines", "usage"}) {
    fields.push_back(fleet::Session::descriptor()->FindFieldByName(name));
  }
  for (const char* name :
       {"last_heard_time", "srtt", "rttvar", "loss_to_server", "loss_to_client", "datagrams_sent",
        "datagrams_received", "bytes_sent", "bytes_received", "frames_sent", "frames_received",
        "datagrams_lost", "retransmissions", "predictions"}) {
    fields.push_back(fleet::Client::descriptor()->FindFieldByName(name));
  }
  return fields;
}

}  // namespace

absl::StatusOr<FieldPath> FindField(absl::string_view path) {
  return FindField(path, fleet::Session::descriptor());
}

absl::StatusOr<FieldPath> FindField(absl::string_view path, const Descriptor* in) {
  FieldPath fields;
  std::string prefix;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (!fields.empty() && fields.back()->is_map()) {
      fields.push_back(in->map_value());
      in = in->map_value()->message_type();
      absl::StrAppend(&prefix, name, ".");
      continue;
    }
    if (in == nullptr) {
      prefix.pop_back();
      return absl::InvalidArgumentError(absl::StrCat(prefix, " has no fields"));
    }
    const FieldDescriptor* field =
        name.size() <= kMaxName ? in->FindFieldByName(std::string(name)) : nullptr;
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "there is no field ", prefix, name.substr(0, kMaxName), Suggestion(in, prefix, name)));
    }
    fields.push_back(field);
    in = field->message_type();
    absl::StrAppend(&prefix, name, ".");
  }
  return fields;
}

bool IsMeasurement(const FieldDescriptor* field) {
  static const auto& fields = *new std::vector<const FieldDescriptor*>(Measurements());
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

void ClearMeasurements(fleet::Session* session) {
  session->clear_last_input_time();
  session->clear_last_heard_time();
  session->clear_history_lines();
  session->clear_usage();
  std::vector<const FieldDescriptor*> set;
  for (fleet::Client& client : *session->mutable_clients()) {
    set.clear();
    client.GetReflection()->ListFields(client, &set);
    for (const FieldDescriptor* field : set) {
      if (IsMeasurement(field)) client.GetReflection()->ClearField(&client, field);
    }
  }
}

bool IsMeasurement(const FieldPath& path) {
  return std::any_of(path.begin(), path.end(),
                     [](const FieldDescriptor* field) { return IsMeasurement(field); });
}

bool IsUsage(const FieldPath& path) { return !path.empty() && path.front()->name() == "usage"; }

}  // namespace mosh::mgmt
