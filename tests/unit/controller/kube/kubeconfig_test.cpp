#include "controller/kube/config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace djdb::kube {
namespace {

class Kubeconfig : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "kubeconfig-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }
    std::filesystem::path with(const std::string& cluster, const std::string& user) const {
        return write(
            "config",
            "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
            "contexts: [{name: here, context: {cluster: c, user: alice, namespace: shop}}]\n"
            "clusters: [{name: c, cluster: {" +
                cluster + "}}]\nusers: [{name: alice, user: {" + user + "}}]\n"
        );
    }
    /// What the refusal says; fails the test when the file is accepted.
    static std::string refusal(const std::filesystem::path& file) {
        try {
            kubeconfig(file);
        } catch (const ConfigError& error) {
            return error.what();
        }
        ADD_FAILURE() << "accepted";
        return {};
    }

    static constexpr auto kCluster = "server: 'https://api:6443', certificate-authority-data: Y2E=";
    std::filesystem::path folder_;
};

TEST_F(Kubeconfig, ReadsTokenNamespaceAndInlineCa) {
    const auto config = kubeconfig(with(kCluster, "token: secret"));
    EXPECT_EQ(config.host, "api");
    EXPECT_EQ(config.port, 6443);
    EXPECT_EQ(config.ca_pem, "ca");
    EXPECT_EQ(config.token.reveal(), "secret");
    EXPECT_EQ(config.default_namespace, "shop");
}

TEST_F(Kubeconfig, ReadsFilesBesideItAndInlineClientCertificates) {
    write("ca.crt", "the ca");
    const auto config = kubeconfig(with(
        "server: 'https://[::1]/k8s/', certificate-authority: ca.crt",
        "client-certificate-data: Y2VydA==, client-key-data: a2V5"
    ));
    EXPECT_EQ(config.host, "::1");
    EXPECT_EQ(config.port, 443);
    EXPECT_EQ(config.base_path, "/k8s");
    EXPECT_EQ(config.ca_pem, "the ca");
    EXPECT_EQ(config.ca_file, folder_ / "ca.crt");
    EXPECT_EQ(config.client_key_file, "");
    EXPECT_EQ(config.client_certificate_pem, "cert");
    EXPECT_EQ(config.client_key_pem.reveal(), "key");
}

TEST_F(Kubeconfig, RefusesExecPluginsNamingFileAndUser) {
    const auto file = with(kCluster, "exec: {command: aws}");
    EXPECT_THAT(
        refusal(file),
        ::testing::AllOf(
            ::testing::HasSubstr(file.string()),
            ::testing::HasSubstr("exec"),
            ::testing::HasSubstr("\"alice\"")
        )
    );
}

TEST_F(Kubeconfig, RefusesWhatItWouldOtherwiseHaveToIgnore) {
    using ::testing::HasSubstr;
    const std::string cluster = kCluster;
    EXPECT_THAT(
        refusal(with(cluster + ", insecure-skip-tls-verify: true", "token: t")),
        HasSubstr("insecure")
    );
    EXPECT_THAT(
        refusal(with(cluster + ", tls-server-name: x", "token: t")), HasSubstr("tls-server-name")
    );
    EXPECT_THAT(refusal(with("server: 'http://api'", "token: t")), HasSubstr("only https"));
    EXPECT_THAT(
        refusal(with("server: 'https://api'", "token: t")), HasSubstr("certificate-authority")
    );
    EXPECT_THAT(refusal(with(cluster, "username: u, password: p")), HasSubstr("username"));
    EXPECT_THAT(refusal(with(cluster, "client-key-data: a2V5")), HasSubstr("only one of"));
    EXPECT_THAT(refusal(with(cluster, "")), HasSubstr("neither token"));
    EXPECT_THAT(refusal(with(cluster, "client-key-data: '!!!!', token: t")), HasSubstr("base64"));
    EXPECT_THAT(refusal(folder_ / "absent"), HasSubstr("can't be read"));
    EXPECT_THAT(refusal(write("list", "- a")), HasSubstr("mapping"));
    EXPECT_THAT(refusal(write("broken", "a: [")), HasSubstr("not YAML"));
    EXPECT_THAT(refusal(write("empty", "kind: Config")), HasSubstr("current-context"));
}

TEST_F(Kubeconfig, ManyAliasesOfOneNodeAreNotMultiplied) {
    // Nine levels of nine references each: 9^9 nodes, if they were copied.
    std::string text = "a0: &a0 [x]\n";
    for (int level = 1; level < 10; ++level) {
        const auto below = "*a" + std::to_string(level - 1);
        auto line = "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
        for (int i = 1; i < 9; ++i) {
            line += ", " + below;
        }
        text += line + "]\n";
    }
    EXPECT_THAT(refusal(write("bomb", text)), ::testing::HasSubstr("current-context"));
}

TEST_F(Kubeconfig, NestingWithoutEndIsRefused) {
    EXPECT_THAT(
        refusal(write("deep", std::string(100'000, '['))), ::testing::HasSubstr("not YAML")
    );
    EXPECT_THAT(
        refusal(write("large", "a: " + std::string(2ULL * 1024 * 1024, 'x'))),
        ::testing::HasSubstr("above 1 MiB")
    );
}

TEST_F(Kubeconfig, InAClusterAnIPv6AddressIsReplacedByTheServersName) {
    write("ca.crt", "the ca");
    write("token", "secret");
    write("namespace", "shop");
    ASSERT_EQ(setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1), 0);
    ASSERT_EQ(setenv("KUBERNETES_SERVICE_PORT", "443", 1), 0);
    const auto config = in_cluster_config(folder_);
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    EXPECT_EQ(config.host, "kubernetes.default.svc");
    EXPECT_EQ(config.ca_file, folder_ / "ca.crt");
    EXPECT_EQ(config.token_file, folder_ / "token");
    EXPECT_EQ(config.default_namespace, "shop");
}

}  // namespace
}  // namespace djdb::kube
