// Which names of images mean one build.
#include "reconcilers/image_ref.hpp"

#include "reconcilers/stages/release/workload_facts.hpp"
#include "tests/unit/reconcilers/builders.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace djdb {
namespace {

TEST(ImageRef, OfOneRelease) {
    struct Case {
        const char* one;
        const char* other;
        bool is_one;
    };
    for (const auto& [one, other, is_one] : {
             Case{"shop:v2", "shop:v2", true},
             Case{"shop:v2", "shop:v3", false},
             Case{"shop:v2", "worker:v2", false},
             Case{"shop", "shop:latest", true},
             Case{"shop", "shop:v2", false},
             Case{"shop:v2", "shop:v2@sha256:a", true},
             Case{"shop:v2", "shop:v3@sha256:a", false},
             Case{"shop:v2", "shop@sha256:a", false},
             Case{"shop", "shop@sha256:a", false},
             Case{"shop@sha256:a", "shop:v2@sha256:a", true},
             Case{"shop:v2@sha256:a", "shop:v2@sha256:b", false},
             Case{"reg:5000/shop", "reg:5000/shop:latest", true},
             Case{"reg:5000/shop", "reg:5001/shop", false},
             Case{"reg:5000/shop:v2", "reg:5000/shop:v2@sha256:a", true},
         }) {
        EXPECT_EQ(is_one_release(ImageRef(one), ImageRef(other)), is_one) << one << " " << other;
        EXPECT_EQ(is_one_release(ImageRef(other), ImageRef(one)), is_one) << one << " " << other;
    }
}

TEST(ImageRef, OfTheReleaseHasItsDigest) {
    const auto common = [](const std::vector<std::string>& images) {
        Observed observed;
        for (const auto& image : images) {
            observed.release.workloads.push_back(a_workload("of " + image, image));
        }
        return common_image(a_desired(), observed);
    };
    EXPECT_EQ(common({"shop:v2", "shop:v2"}), ImageRef("shop:v2"));
    for (const auto& images : {
             std::vector<std::string>{"shop:v2", "shop:v2@sha256:a"},
             std::vector<std::string>{"shop:v2@sha256:a", "shop:v2"},
         }) {
        EXPECT_EQ(common(images), ImageRef("shop:v2@sha256:a"));
    }
    EXPECT_FALSE(common({"shop:v2@sha256:a", "shop:v2", "shop:v2@sha256:b"}));
    EXPECT_FALSE(common({"shop:v2", "shop:v2@sha256:a", "shop:v2@sha256:b"}));
    EXPECT_FALSE(common({"shop:v2", "shop:v3"}));
}

}  // namespace
}  // namespace djdb
