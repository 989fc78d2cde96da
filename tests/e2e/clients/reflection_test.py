"""Clients that know nothing but an address, an authority and a token: what they learn comes
from reflection, of one version alone, and buf curl chooses for itself."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from suite import SOURCE, Suite

BUF = SOURCE / "build/tools/node_modules/.bin/buf"
GRPC_PROTOS = pathlib.Path("/usr/share/grpc-proto")
OURS = {"ingest": {"tutti.ingest.v1.IngestService"},
        "aggregate": {"tutti.aggregate.v1.AggregateService", "tutti.aggregate.v1.OrganizationService"},
        "score": {"tutti.score.v1.ScoreService"}}
EVERYWHERE = {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
              "grpc.reflection.v1alpha.ServerReflection"}


class Learner:
    """Does what grpcurl does: asks for files, calls methods by what they say, and shows errors
    with their details as text."""

    def __init__(self, channel, version, token):
        self.channel = channel
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.messages = REFLECTION[version]
        self.method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        self.pool = descriptor_pool.DescriptorPool()
        self.added = set()

    def ask(self, **fields):
        request = self.messages.ServerReflectionRequest(**fields)
        answers = self.channel.stream_stream(
            self.method, request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.messages.ServerReflectionResponse.FromString)(iter([request]), timeout=20)
        return next(answers)

    def services(self):
        return {service.name for service in self.ask(list_services="*").list_services_response.service}

    def learn(self, symbol):
        """Asks for the file of a symbol, and for the imports that did not come with it."""
        answer = self.ask(file_containing_symbol=symbol)
        if answer.HasField("error_response"):
            raise KeyError(symbol)
        self.add(answer.file_descriptor_response.file_descriptor_proto)

    def add(self, files):
        waiting = {}
        for text in files:
            file = descriptor_pb2.FileDescriptorProto.FromString(text)
            waiting[file.name] = file

        def add(name):
            if name in self.added:
                return
            if name not in waiting:
                self.add(self.ask(file_by_filename=name).file_descriptor_response.file_descriptor_proto)
                return
            for imported in waiting[name].dependency:
                add(imported)
            self.pool.Add(waiting[name])
            self.added.add(name)
        for name in list(waiting):
            add(name)

    def message(self, descriptor):
        return message_factory.MessageFactory(self.pool).GetPrototype(descriptor)

    def call(self, path, text):
        """The answer as JSON; or the code, the message, and the details as JSON."""
        service, name = path.split("/")
        self.learn(service)
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        request = json_format.Parse(text, self.message(method.input_type)())
        try:
            answer = self.channel.unary_unary(f"/{path}")(request.SerializeToString(), timeout=20,
                                                          metadata=self.metadata)
        except grpc.RpcError as error:
            return error.code().name, error.details(), self.details(error)
        return "OK", json_format.MessageToJson(self.message(method.output_type).FromString(answer)), []

    def details(self, error):
        packed = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        self.learn("google.rpc.Status")
        status = self.message(self.pool.FindMessageTypeByName("google.rpc.Status")).FromString(packed)
        shown = []
        for detail in status.details:
            symbol = detail.type_url.rpartition("/")[2]
            self.learn(symbol)
            kind = self.message(self.pool.FindMessageTypeByName(symbol))
            shown.append((symbol, json_format.MessageToDict(kind.FromString(detail.value))))
        return shown

    def describe(self, symbol):
        """Every field, value and method of a symbol, and of what it refers to, by name."""
        self.learn(symbol)
        seen = set()

        def visit(descriptor):
            if descriptor is None or descriptor.full_name in seen:
                return
            seen.add(descriptor.full_name)
            for field in getattr(descriptor, "fields", []):
                visit(field.message_type)
                visit(field.enum_type)
            for method in getattr(descriptor, "methods", []):
                visit(method.input_type)
                visit(method.output_type)
        try:
            visit(self.pool.FindServiceByName(symbol))
        except KeyError:
            visit(self.pool.FindMessageTypeByName(symbol))
        return seen


REFLECTION = {}


def make_reflection_stubs(folder):
    """The messages of each version, in a pool of their own: nothing of ours is linked in."""
    for version in ("v1", "v1alpha"):
        files = folder / f"{version}.binpb"
        subprocess.run(["protoc", f"-I{GRPC_PROTOS}", f"-o{files}", f"grpc/reflection/{version}/reflection.proto"],
                       check=True)
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(files.read_bytes()).file:
            pool.Add(file)
        factory = message_factory.MessageFactory(pool)
        names = ("ServerReflectionRequest", "ServerReflectionResponse")
        REFLECTION[version] = type(version, (), {
            name: factory.GetPrototype(pool.FindMessageTypeByName(f"grpc.reflection.{version}.{name}"))
            for name in names})


class ReflectionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_reflection_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite(tls=True))
        cls.token = cls.suite.token("acme", scopes=("activities.write", "scores.read", "organizations.admin"))
        credentials = grpc.ssl_channel_credentials(cls.suite.authority.read_bytes())
        cls.channels = {name: cls.enterClassContext(grpc.secure_channel(getattr(cls.suite, name), credentials))
                        for name in OURS}

    def learners(self, name):
        for version in ("v1", "v1alpha"):
            with self.subTest(f"{name}, {version} alone"):
                yield Learner(self.channels[name], version, self.token)

    def test_each_version_lists_what_is_served(self):
        for name, services in OURS.items():
            for learner in self.learners(name):
                self.assertEqual(learner.services(), services | EVERYWHERE)

    def test_each_version_describes_services_messages_and_enums(self):
        wanted = {"score": {"tutti.score.v1.Estimate", "tutti.score.v1.FigureState"},
                  "ingest": {"tutti.ingest.v1.Activity", "tutti.ingest.v1.Reason", "google.protobuf.Timestamp"},
                  "aggregate": {"tutti.window.v1.Cadence", "google.protobuf.Duration",
                                "google.protobuf.Timestamp"}}
        for name, services in OURS.items():
            for learner in self.learners(name):
                described = set()
                for service in services | EVERYWHERE:
                    described |= learner.describe(service)
                self.assertLessEqual(wanted[name], described)
                for symbol in ("google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest",
                               "tutti.access.v1.MethodAccess"):
                    self.assertIn(symbol, learner.describe(symbol))

    def test_who_may_call_is_seen_beside_each_method(self):
        for learner in self.learners("score"):
            learner.learn("tutti.score.v1.ScoreService")
            options = learner.pool.FindServiceByName("tutti.score.v1.ScoreService").methods_by_name["GetScore"]
            text = options.GetOptions().SerializeToString()
            self.assertIn(b"scores.read", text)
            self.assertIn(b"name", text)

    def test_errors_are_shown_with_their_details(self):
        for learner in self.learners("score"):
            code, text, details = learner.call("tutti.score.v1.ScoreService/GetScore",
                                               '{"name":"organizations/another/scores/latest"}')
            print(code, text, details)
            self.assertEqual((code, text), ("PERMISSION_DENIED", "this caller may not use this organization"))
            self.assertEqual(details, [("google.rpc.ErrorInfo",
                                        {"reason": "ORGANIZATION_FORBIDDEN", "domain": "auth.tutti"})])
        for learner in self.learners("aggregate"):
            code, text, details = learner.call("tutti.aggregate.v1.OrganizationService/CreateOrganization",
                                               '{"organization":{"name":"organizations/acme"}}')
            print(code, text, details)
            self.assertEqual(code, "INVALID_ARGUMENT")
            self.assertIn("google.rpc.BadRequest", [kind for kind, _ in details])

    def test_what_there_is_not_is_not_found(self):
        for learner in self.learners("score"):
            for request in ({"file_by_filename": "no/such.proto"}, {"file_containing_symbol": "no.Such"},
                            {"all_extension_numbers_of_type": "no.Such"}):
                self.assertEqual(learner.ask(**request).error_response.error_code, 5, request)
            numbers = learner.ask(all_extension_numbers_of_type="google.protobuf.MethodOptions")
            (number,) = numbers.all_extension_numbers_response.extension_number
            found = learner.ask(file_containing_extension={
                "containing_type": "google.protobuf.MethodOptions", "extension_number": number})
            files = [descriptor_pb2.FileDescriptorProto.FromString(file).name
                     for file in found.file_descriptor_response.file_descriptor_proto]
            self.assertEqual(files[0], "tutti/access/v1/access.proto")
            self.assertEqual(learner.ask().error_response.error_code, 3)

    def test_a_call_gets_each_import_once_and_what_it_asks_for_always(self):
        for version in ("v1", "v1alpha"):
            messages = REFLECTION[version]
            requests = [messages.ServerReflectionRequest(file_containing_symbol="tutti.score.v1.ScoreService")] * 2 + [
                messages.ServerReflectionRequest(file_by_filename="tutti/access/v1/access.proto")]
            answers = self.channels["score"].stream_stream(
                f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=messages.ServerReflectionResponse.FromString)(iter(requests), timeout=20)
            names = [[descriptor_pb2.FileDescriptorProto.FromString(file).name
                      for file in answer.file_descriptor_response.file_descriptor_proto] for answer in answers]
            self.assertEqual(names[0][0], "tutti/score/v1/score.proto")
            self.assertIn("tutti/access/v1/access.proto", names[0])
            self.assertEqual(len(names[0]), len(set(names[0])))
            self.assertEqual(names[1:], [["tutti/score/v1/score.proto"], ["tutti/access/v1/access.proto"]])

    def test_a_request_that_is_too_long_or_no_request_ends_the_call(self):
        for version in ("v1", "v1alpha"):
            method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
            for request in (b"\x1a\x80\x80\x01" + b"x" * 16384, b"\xff"):
                with self.assertRaises(grpc.RpcError) as refused:
                    next(self.channels["score"].stream_stream(method)(iter([request]), timeout=20))
                self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    # Mutation: PERMISSION_DENIED keeps clients from falling back to another version.
    def test_what_is_not_served_is_unimplemented_whoever_asks(self):
        operator = grpc.ssl_channel_credentials(
            self.suite.authority.read_bytes(), *(path.read_bytes() for path in self.suite.certificate("operator")))
        everything = self.suite.token("*", scopes=("system.admin",))
        for name in OURS:
            others = [service for other, services in OURS.items() if other != name for service in services]
            with grpc.secure_channel(getattr(self.suite, name), operator) as by_certificate:
                for channel, token in ((self.channels[name], None), (self.channels[name], "rubbish"),
                                       (self.channels[name], self.token), (self.channels[name], everything),
                                       (by_certificate, None)):
                    for method in ["/foo.Bar/Baz", "/grpc.reflection.v2.ServerReflection/ServerReflectionInfo",
                                   f"/{next(iter(OURS[name]))}/NoSuchMethod", *(f"/{one}/GetScore" for one in others)]:
                        with self.subTest(f"{name} {method}"), self.assertRaises(grpc.RpcError) as refused:
                            channel.unary_unary(method)(b"", timeout=20, metadata=[
                                ("authorization", f"Bearer {token}")] if token else [])
                        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
                        self.assertIn("reflection lists what it serves", refused.exception.details())

    def buf(self, *words, token=None):
        header = ["-H", f"authorization: Bearer {token}"] if token else []
        done = subprocess.run([BUF, "curl", "--protocol", "grpc", "--cacert", self.suite.authority, *header, *words],
                              capture_output=True, text=True, timeout=60, cwd=self.folder, check=False)
        print("buf curl", *words, "->", done.returncode, done.stdout[:300], done.stderr[:300])
        return done

    @unittest.skipUnless(BUF.exists(), "buf is not installed under build/tools")
    def test_buf_curl_with_nothing_but_protocol_authority_and_token(self):
        for name, services in OURS.items():
            listed = self.buf("--list-services", f"https://{getattr(self.suite, name)}")
            self.assertEqual(set(listed.stdout.split()), services | EVERYWHERE, listed.stderr)
        refused = self.buf("-d", '{"name":"organizations/another/scores/latest"}',
                           f"https://{self.suite.score}/tutti.score.v1.ScoreService/GetScore", token=self.token)
        self.assertEqual(json.loads(refused.stderr)["code"], "permission_denied")
        health = self.buf("-d", "{}", f"https://{self.suite.score}/grpc.health.v1.Health/Check")
        self.assertEqual(json.loads(health.stdout), {"status": "SERVING"})
        created = self.buf("-d", '{"organization":{"name":"organizations/acme","headcount":300}}',
                           f"https://{self.suite.aggregate}/tutti.aggregate.v1.OrganizationService/CreateOrganization",
                           token=self.token)
        self.assertEqual(json.loads(created.stdout)["organization"]["name"], "organizations/acme")


if __name__ == "__main__":
    unittest.main()
