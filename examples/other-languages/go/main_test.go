// The backend against the emulated WeChat: KEFU_EMULATOR=http://127.0.0.1:3001 go test ./...
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"testing"
)

type object = map[string]any

func emulator() string {
	if url := os.Getenv("KEFU_EMULATOR"); url != "" {
		return url
	}
	return "http://127.0.0.1:3001"
}

func random(bytes int) string {
	made := make([]byte, bytes)
	rand.Read(made)
	return hex.EncodeToString(made)
}

// shop is a world of the emulator with one Mini Program, and the backend that it pushes to.
type shop struct {
	t                   *testing.T
	world, app, pushURL string
}

func newShop(t *testing.T, mode string) shop {
	// A world of its own: other tests may use the same emulator at the same time.
	name := "go-" + random(4)
	world := emulator() + "/w/" + name
	app := object{"appId": "wx" + random(8), "appSecret": random(16), "token": random(8), "mode": mode}
	env := map[string]string{
		"WECHAT_APP_ID": app["appId"].(string), "WECHAT_APP_SECRET": app["appSecret"].(string),
		"WECHAT_TOKEN": app["token"].(string), "WECHAT_API_URL": world,
	}
	if mode == "secure" {
		env["WECHAT_ENCODING_AES_KEY"] = random(22)[:43]
		app["encodingAESKey"] = env["WECHAT_ENCODING_AES_KEY"]
	}
	backend, err := NewBackend(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(backend)
	app["pushUrl"] = server.URL + "/wechat"
	s := shop{t, world, fmt.Sprintf("%s/_emulator/apps/%s", world, app["appId"]), app["pushUrl"].(string)}
	t.Cleanup(func() {
		server.Close()
		s.call("DELETE", emulator()+"/_emulator/worlds/"+name, nil)
	})
	s.call("POST", world+"/_emulator/apps", app)
	return s
}

func (s shop) call(method, url string, value any) object {
	s.t.Helper()
	body, _ := json.Marshal(value)
	request, _ := http.NewRequest(method, url, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, url, response.StatusCode, text)
	}
	var got object
	json.Unmarshal(text, &got)
	return got
}

// says gives the delivery, when it was answered or has failed.
func (s shop) says(openID, content string) object {
	s.t.Helper()
	return s.call("POST", s.app+"/users/"+openID+"/messages", object{"msgType": "text", "content": content})
}

// receives gives the service's texts on the phone, as soon as there are as many.
func (s shop) receives(openID string, count int) (texts []string) {
	s.t.Helper()
	for after := 0.0; len(texts) < count; {
		path := fmt.Sprintf("/users/%s/messages?after=%.0f&wait=10000", openID, after)
		items := s.call("GET", s.app+path, nil)["items"].([]any)
		if len(items) == 0 {
			s.t.Fatalf("nothing came for 10 s after %q", texts)
		}
		for _, each := range items {
			item := each.(object)
			after = item["sequence"].(float64)
			if item["from"] == "service" {
				texts = append(texts, item["content"].(object)["content"].(string))
			}
		}
	}
	return texts
}

func (s shop) failsNext(fault object) {
	s.t.Helper()
	s.call("POST", s.world+"/_emulator/faults", fault)
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBackend(t *testing.T) {
	for _, mode := range []string{"secure", "plain"} {
		t.Run(mode, func(t *testing.T) {
			s := newShop(t, mode)
			t.Run("the URL is verified", func(t *testing.T) {
				same(t, s.call("POST", s.app+"/verify", nil)["ok"], true)
			})
			t.Run("a text is answered at once and replied to", func(t *testing.T) {
				same(t, s.says("o-text", "你好 😀 <&>")["answer"], "success")
				same(t, s.receives("o-text", 1), []string{"您说：你好 😀 <&>"})
			})
			t.Run("who asks for a person is transferred", func(t *testing.T) {
				same(t, s.says("o-person", "转人工")["answer"], "transfer")
			})
			t.Run("a token that has ended is renewed", func(t *testing.T) {
				s.failsNext(object{"path": "/cgi-bin/message/custom/send", "errcode": 42001, "openId": "o-token"})
				s.says("o-token", "在吗")
				same(t, s.receives("o-token", 1), []string{"您说：在吗"})
			})
			t.Run("a push that comes twice is replied to once", func(t *testing.T) {
				s.failsNext(object{"push": "duplicate", "openId": "o-twice"})
				same(t, len(s.says("o-twice", "一")["attempts"].([]any)), 2)
				s.says("o-twice", "二")
				// Replies keep their order: a second one to the first message would stand before this one.
				same(t, s.receives("o-twice", 2), []string{"您说：一", "您说：二"})
			})
			t.Run("a stranger is refused", func(t *testing.T) {
				for _, query := range []string{"", "?signature=0&timestamp=0&nonce=0"} {
					response, err := http.Post(s.pushURL+query, "application/json", bytes.NewBufferString("{}"))
					if err != nil {
						t.Fatal(err)
					}
					response.Body.Close()
					same(t, response.StatusCode, 403)
				}
			})
		})
	}
}
