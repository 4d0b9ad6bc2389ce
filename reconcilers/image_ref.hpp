// Whether two names of images, as Deployments write them, mean one build. Pure; nothing is resolved.
//
// of one repository          | one release
// ---------------------------|--------------------------------
// both have a digest         | when the digests are the same
// else                       | when the tags are the same; a name with neither has the tag latest
//
// reference: github.com/distribution/reference, [registry[:port]/]path[:tag][@digest]
#pragma once

#include "crds/names.hpp"

namespace djdb {

bool is_one_release(const ImageRef&, const ImageRef&);

bool has_digest(const ImageRef&);
/// Asked for by name or by the lack of a tag and a digest.
bool is_latest(const ImageRef&);

}  // namespace djdb
