import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, setCsrf, unwrap } from '../../api/client'
import { useAddress } from '../../kit/address'
import { Page } from '../../kit/page'
import { ProblemBox } from '../../kit/problem'

/** Only paths of this site: no open redirect. */
const safe = (back?: string) => (back?.startsWith('/') && !back.startsWith('//') ? back : undefined)

/** Login and password. */
export function LogIn() {
  const { t } = useTranslation()
  const { search } = useAddress()
  const client = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (body: { login: string; password: string }) => {
    setBusy(true)
    setError(null)
    try {
      const me = await unwrap(api.POST('/api/v1/session', { body }))
      setCsrf(me.csrf_token)
      client.clear()
      const home = me.roles.includes('operator') ? '/operator' : me.roles.includes('seller') ? '/seller' : '/'
      window.location.assign(safe(search['back']) ?? home)
    } catch (e) {
      setError(e)
      setBusy(false)
    }
  }
  return (
    <div style={{ maxWidth: 420, margin: '40px auto' }} className="panel">
      <div style={{ padding: 24 }}>
        <Page title={t('log_in.title')} purpose={t('log_in.purpose')}>
          {error !== null && <ProblemBox error={error} />}
          <Form layout="vertical" onFinish={submit} style={{ marginTop: 16 }}>
            <Form.Item name="login" label={t('log_in.login')} rules={[{ required: true, message: t('form.required') }]}>
              <Input autoComplete="username" autoFocus />
            </Form.Item>
            <Form.Item
              name="password"
              label={t('log_in.password')}
              rules={[{ required: true, message: t('form.required') }]}
            >
              <Input.Password autoComplete="current-password" />
            </Form.Item>
            <Button type="primary" htmlType="submit" block size="large" loading={busy}>
              {t('action.log_in')}
            </Button>
          </Form>
          <p className="muted">
            {t('log_in.new')} <Link to="/register">{t('action.register')}</Link>
          </p>
        </Page>
      </div>
    </div>
  )
}
