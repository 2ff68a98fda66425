// The fields of a Session, or another message, by their names, for whatever names them in a
// request.
#ifndef MGMT_MODEL_FIELDS_H_
#define MGMT_MODEL_FIELDS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// "clients.srtt". kInvalidArgument: "there is no field clients.rtt; is it clients.srtt?"
absl::StatusOr<FieldPath> FindField(absl::string_view path);
// Of another message. In a map the last name is a key, whatever it is; the path then ends with the
// map and the field of its entries' values: "labels.rack".
absl::StatusOr<FieldPath> FindField(absl::string_view path,
                                    const google::protobuf::Descriptor* message);

// What moves without anything having happened: counters, round trip times, when somebody was last
// heard or typed. Of Session and Client.
bool IsMeasurement(const google::protobuf::FieldDescriptor* field);
void ClearMeasurements(fleet::Session* session);

// Whether it is, or is within, one of them.
bool IsMeasurement(const FieldPath& path);

// Whether it is, or is within, Session.usage.
bool IsUsage(const FieldPath& path);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_FIELDS_H_
