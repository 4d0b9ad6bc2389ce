// The records of one database: their numbers, and which of them go. Pure.
//
// of the records, newest first                     | when another one is made
// -------------------------------------------------|--------------------------
// the one that is made, and those behind it up to
//   spec.releaseHistoryLimit                       | stay
// the last one that succeeded                      | stays, however old
// else                                             | goes
#pragma once

#include "crds/kinds/django_release.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace djdb {

/// "shop-12" of database "shop" has 12. 0: somebody else's name.
std::int64_t number_of(const DjangoRelease&);
/// The newest one has the highest number; nullptr: there is none.
const DjangoRelease* newest(const std::vector<DjangoRelease>&);
/// Of the next one of this database.
std::int64_t next_number(const std::vector<DjangoRelease>&);
/// Those of a database that are not kept any more beside a new one.
std::vector<DjangoRelease> to_forget(std::vector<DjangoRelease>, std::size_t limit);

}  // namespace djdb
