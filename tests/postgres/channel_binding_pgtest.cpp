// A password is proven to the very server that the certificate is of: what stands in the way of that is told apart.
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

class ChannelBinding : public LiveServer {
  protected:
    ChannelBinding() { there_ = spare().access(); }
    ~ChannelBinding() override { spare().show_its_own(); }

    Failure look(const ServerAccess& access) {
        PostgresDatabase fresh;  // whose breaker remembers nothing
        return failure_of([&] { fresh.inspect_server(access, call_for()); });
    }
    void expect_reached(const ServerAccess& access) {
        PostgresDatabase fresh;
        EXPECT_NO_THROW(fresh.inspect_server(access, call_for()));
    }

    ServerAccess there_;
};

TEST_F(ChannelBinding, PasswordIsSentToAVerifiedServerOnlyWhenThatIsAskedFor) {
    spare().set_access_rules("hostssl all all 127.0.0.1/32 password");
    there_.address.host = "127.0.0.1";
    const auto failure = look(there_);
    EXPECT_THAT(failure.message, Not(HasSubstr(there_.administrator.password.reveal())));
    EXPECT_EQ(failure.reason, Reason::ChannelBindingImpossible);
    EXPECT_THAT(failure.message, HasSubstr("password_encryption = scram-sha-256"));
    there_.password_mode = PasswordMode::Plaintext;
    expect_reached(there_);
    spare().restart();
}

TEST_F(ChannelBinding, PasswordThatIsStillAnMd5Hash) {
    const auto password = spare().access().administrator.password;
    spare().set("password_encryption", "md5");
    spare().set_password(password);
    spare().set_access_rules("hostssl all all 127.0.0.1/32 md5");
    const auto failure = look(there_);
    spare().reset("password_encryption");
    spare().set_password(password);
    EXPECT_EQ(failure.reason, Reason::ChannelBindingImpossible);
    EXPECT_THAT(failure.message, HasSubstr("MD5 hash"));
    expect_reached(there_);
    spare().restart();
}

TEST_F(ChannelBinding, ServerThatAsksForNoPassword) {
    spare().set_access_rules("hostssl all all 127.0.0.1/32 trust");
    const auto failure = look(there_);
    EXPECT_EQ(failure.reason, Reason::ChannelBindingImpossible);
    EXPECT_THAT(failure.message, HasSubstr("clientcert=verify-full"));
    spare().restart();
}

TEST_F(ChannelBinding, CertificateThatChannelBindingIsNotDefinedFor) {
    const auto folder = output_of("mktemp -d");
    output_of(
        "cd " + folder +
        "; openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days "
        "2 2>&1;"
        " openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "
        "/CN=localhost 2>&1;"
        " printf 'subjectAltName=DNS:localhost' > names;"
        " openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2"
        " -extfile names -out server.crt 2>&1"
    );
    there_.address.tls.ca_pem = output_of("cat " + folder + "/ca.crt") + "\n";
    spare().show(
        {output_of("cat " + folder + "/server.crt") + "\n",
         Sensitive(output_of("cat " + folder + "/server.key") + "\n")}
    );
    const auto failure = look(there_);
    output_of("rm -r " + folder);
    EXPECT_EQ(failure.reason, Reason::ChannelBindingImpossible);
    EXPECT_THAT(failure.message, HasSubstr("Ed25519"));
}

}  // namespace
}  // namespace djdb::postgres
