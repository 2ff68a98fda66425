// Whatever the file says: what is understood of it is the same when it is written and read again.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "server/control/admission.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> problems;
  const mosh::server::Admission admission = mosh::server::ParseAdmission(
      absl::string_view(reinterpret_cast<const char*>(data), size), &problems);
  CHECK(mosh::server::ParseAdmission(FormatAdmission(admission), nullptr) == admission);
  return 0;
}
