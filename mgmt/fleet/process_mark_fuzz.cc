// What stands in etcd at a node's key: refused, or read as something that can be written and read
// again; and whatever it says, whether its process has ended can be asked.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "mgmt/fleet/process_mark.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::mgmt;
  const std::optional<ProcessMark> mark =
      ParseProcessMark(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!mark) return 0;
  const std::optional<ProcessMark> again = ParseProcessMark(ToText(*mark));
  // Without a process it is none any more.
  CHECK(again.has_value() == (mark->pid > 0));
  if (again) CHECK(*again == *mark);
  ProcessMark own = *mark;
  static_cast<void>(HasEnded(*mark, own));
  return 0;
}
