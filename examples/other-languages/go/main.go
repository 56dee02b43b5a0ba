// 小程序客服后端：收推送，立即应答，通过接口回复，转人工。只用标准库。
// A customer-service backend: takes WeChat's pushes, answers at once, replies through the API, transfers to people.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// WeChat is its API, with an access token that is kept until it ends.
type WeChat struct {
	AppID, AppSecret, Base string
	token                  string
	until                  time.Time
}

type answer struct {
	Errcode     int
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

// Reply is called by one goroutine alone, so that replies keep their order.
func (w *WeChat) Reply(openID, content string) error {
	message := map[string]any{"touser": openID, "msgtype": "text", "text": map[string]string{"content": content}}
	for _, renew := range []bool{false, true} {
		if err := w.needToken(renew); err != nil {
			return err
		}
		got, err := w.post("/cgi-bin/message/custom/send?access_token="+w.token, message)
		if err != nil {
			return err
		}
		switch got.Errcode {
		case 0:
			return nil
		case 40001, 40014, 42001: // the token has ended: nothing was sent
		default:
			return fmt.Errorf("WeChat answered %d", got.Errcode)
		}
	}
	return errors.New("WeChat does not take a new access token")
}

func (w *WeChat) needToken(renew bool) error {
	if !renew && time.Now().Before(w.until) {
		return nil
	}
	got, err := w.post("/cgi-bin/stable_token", map[string]any{
		"grant_type": "client_credential", "appid": w.AppID, "secret": w.AppSecret, "force_refresh": renew,
	})
	if err == nil && got.AccessToken == "" {
		err = fmt.Errorf("no access token: WeChat answered %d", got.Errcode)
	}
	if err == nil {
		w.token, w.until = got.AccessToken, time.Now().Add(time.Duration(got.ExpiresIn-300)*time.Second)
	}
	return err
}

var client = http.Client{Timeout: 10 * time.Second}

func (w *WeChat) post(path string, value any) (got answer, err error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err = encoder.Encode(value); err != nil {
		return got, err
	}
	response, err := client.Post(w.Base+path, "application/json", &body)
	if err != nil {
		return got, errors.New("WeChat gave no answer") // Go's own error would hold the token
	}
	defer response.Body.Close()
	return got, json.NewDecoder(response.Body).Decode(&got)
}

// Backend answers each push at once, and works on them in their order afterwards.
type Backend struct {
	pushes Pushes
	wechat *WeChat
	work   chan Push
	lock   sync.Mutex
	seen   map[string]time.Time
}

// NewBackend reads the settings by their names in the environment.
func NewBackend(env func(string) string) (*Backend, error) {
	pushes, err := NewPushes(env("WECHAT_APP_ID"), env("WECHAT_TOKEN"), env("WECHAT_ENCODING_AES_KEY"))
	if err != nil || pushes.AppID == "" || pushes.Token == "" {
		return nil, errors.New("WECHAT_APP_ID, WECHAT_TOKEN and WECHAT_ENCODING_AES_KEY (43 characters) are needed")
	}
	base := env("WECHAT_API_URL")
	if base == "" {
		base = "https://api.weixin.qq.com"
	}
	wechat := &WeChat{AppID: pushes.AppID, AppSecret: env("WECHAT_APP_SECRET"), Base: base}
	b := &Backend{pushes: pushes, wechat: wechat, work: make(chan Push, 1000), seen: map[string]time.Time{}}
	go b.run()
	return b, nil
}

func (b *Backend) run() {
	for push := range b.work {
		if push.MsgType != "text" {
			continue
		}
		if err := b.wechat.Reply(push.FromUserName, "您说："+push.Content); err != nil {
			log.Print("reply failed: ", err)
		}
	}
}

func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	text, err := []byte(query.Get("echostr")), error(nil)
	if r.Method == http.MethodPost {
		var body []byte
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, 64*1024))
		if err == nil {
			var push Push
			push, err = b.pushes.Read(body, query)
			text, err = b.answer(push, err)
		}
	} else {
		err = b.pushes.Verify(query, "signature")
	}
	if err != nil {
		http.Error(w, "refused", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(text)
}

func (b *Backend) answer(push Push, err error) ([]byte, error) {
	success := []byte("success")
	if errors.Is(err, errRefused) {
		return nil, err
	}
	if err != nil {
		// It is WeChat's, so it is a customer's: an error would tell them that the service is out of order.
		log.Print("a push can't be read")
		return success, nil
	}
	if content := strings.TrimSpace(push.Content); content == "人工" || content == "转人工" {
		return b.pushes.Write(map[string]any{
			"ToUserName": push.FromUserName, "FromUserName": push.ToUserName,
			"CreateTime": time.Now().Unix(), "MsgType": "transfer_customer_service",
		})
	}
	if b.isNew(push) {
		b.work <- push
	}
	return success, nil
}

// isNew tells repeats: WeChat pushes again what it has no answer to.
func (b *Backend) isNew(push Push) bool {
	key := push.FromUserName + " " + push.MsgId.String()
	if push.MsgId == "" {
		key += push.CreateTime.String() + " " + push.Event
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	for other, at := range b.seen {
		if time.Since(at) > maxAge {
			delete(b.seen, other)
		}
	}
	_, known := b.seen[key]
	b.seen[key] = time.Now()
	return !known
}

func main() {
	backend, err := NewBackend(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, backend))
}
